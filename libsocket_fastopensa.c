/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <fcntl.h>

#include "internal.h"

#ifdef MSG_FASTOPEN
/* no byte was taken, and at most a connect is under way, which a plain connect continues */

static int falls_back (int error)
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

/* the first w bytes are written: writes the rest, until an error or the socket's timeout */

static ssize_t write_rest (int s, char const *buf, size_t len, size_t w)
{
  long long start = 0 ;
  while (w < len)
  {
    ssize_t r = send(s, buf + w, len - w, MSG_NOSIGNAL) ;
    if (r >= 0)
    {
      w += (size_t)r ;
      start = 0 ;
    }
    else if (errno == EINTR && libsocket_timeleft(s, &start)) continue ;
    else if (w || errno == EAGAIN || errno == EINTR) break ;
    else return -1 ;
  }
  return (ssize_t)w ;
}

ssize_t libsocket_fastopensa (int s, struct sockaddr const *sa, socklen_t salen, char const *buf, size_t len)
{
  int e = errno ;
  ssize_t r = -1 ;
  int type ;
  socklen_t n = sizeof type ;

  /* a datagram socket would send the bytes at once */
  if (getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &n) == -1) return -1 ;
  if (type != SOCK_STREAM) return (errno = EPROTOTYPE, -1) ;

#ifdef MSG_FASTOPEN
  struct sockaddr_in in4 ;
  /* a signal during the kernel's own wait would make it send the bytes twice */
  r = sendto(s, buf, len, MSG_FASTOPEN | MSG_DONTWAIT | MSG_NOSIGNAL, sa, salen) ;
  if (r >= 0 || errno == EINPROGRESS)
  {
    if (fcntl(s, F_GETFL) & O_NONBLOCK) return r ;
    /* no cookie: the write that follows can carry the ACK of the handshake */
    if (r == -1 && len) libsocket_setint(s, IPPROTO_TCP, TCP_QUICKACK, 0) ;
  }
  else if (errno == EAFNOSUPPORT && libsocket_unmap(&in4, sa))  /* s is an IPv4 socket */
  {
    errno = e ;
    return libsocket_fastopensa(s, (struct sockaddr *)&in4, sizeof in4, buf, len) ;
  }
  else if (!falls_back(errno)) return -1 ;
#endif

  if (libsocket_connectsa(s, sa, salen) == -1)
  {
    /* EISCONN: a pending attempt succeeded in time for sendto to take the bytes */
    if (r >= 0 && errno == EISCONN) libsocket_clearerrors(s) ;
    else if (r <= 0 || errno != EINPROGRESS) return -1 ;
    else return (errno = e, r) ;
  }
  r = write_rest(s, buf, len, r > 0 ? (size_t)r : 0) ;
  if (r >= 0) errno = e ;
  return r ;
}
