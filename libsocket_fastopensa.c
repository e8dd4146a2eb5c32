/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <fcntl.h>

#include "internal.h"

#ifdef MSG_FASTOPEN
/* after these nothing has happened, or nothing but a connect: a connect goes on from there */

static int goeson (int error)
{
  switch (error)
  {
    case EALREADY :
    case EINVAL :
    case ENOSYS :
    case ENOTCONN :
    case EOPNOTSUPP :
    case EPERM :
    case EPIPE : return 1 ;
    default : return 0 ;
  }
}
#endif

ssize_t libsocket_fastopensa (int s, struct sockaddr const *sa, socklen_t salen, char const *buf, size_t len)
{
  int e = errno ;
  long long start = 0 ;
  size_t w = 0 ;
  ssize_t r = -1 ;
  int type ;
  socklen_t n = sizeof type ;

  /* a datagram socket would send the bytes off */
  if (getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &n) == -1) return -1 ;
  if (type != SOCK_STREAM) return (errno = EPROTOTYPE, -1) ;

#ifdef MSG_FASTOPEN
  /* a signal during the kernel's own wait would make it send the bytes twice */
  r = sendto(s, buf, len, MSG_FASTOPEN | MSG_DONTWAIT | MSG_NOSIGNAL, sa, salen) ;
  if (r >= 0 || errno == EINPROGRESS)
  {
    if (fcntl(s, F_GETFL) & O_NONBLOCK) return r ;
    if (r > 0) w = (size_t)r ;
  }
  else if (!goeson(errno)) return -1 ;
#endif

  /* EISCONN: an attempt that was pending came up in time for sendto to take the bytes */
  if (libsocket_connectsa(s, sa, salen) == -1 && (r == -1 || errno != EISCONN))
  {
    if (!w || errno != EINPROGRESS) return -1 ;
    errno = e ;
    return (ssize_t)w ;
  }
  while (w < len)
  {
    r = send(s, buf + w, len - w, MSG_NOSIGNAL) ;
    if (r >= 0)
    {
      w += (size_t)r ;
      start = 0 ;
    }
    else if (errno == EINTR && libsocket_timeleft(s, &start)) continue ;
    else if (w || errno == EAGAIN || errno == EINTR) break ;
    else return -1 ;
  }
  errno = e ;
  return (ssize_t)w ;
}
