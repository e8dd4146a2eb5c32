/* ISC license. */

#include <skalibs/nonposix.h>

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <skalibs/types.h>

#include "logline.h"

#define TEXTLEN 2048  /* a pipe that is writable has room for this */

extern char const *PROG ;  /* skalibs 2.13 has it in strerr.h, later ones in prog.h */

typedef struct
{
  size_t len ;
  char s[TEXTLEN] ;
} text ;

static int out = 2 ;
static int is_socket = 0 ;
static unsigned int lost = 0 ;

/*
   Others may write between our poll and our write, and O_NONBLOCK on descriptor 2 would affect them too: it is reopened,
   or, which a socket cannot be, asked not to wait.
*/

void logline_init (void)
{
  struct stat st ;
  int fd = -1 ;
  if (fstat(2, &st) == -1) return ;
  is_socket = S_ISSOCK(st.st_mode) ;
  if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
    fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) ;
  if (fd >= 0) out = fd ;
}

static void add (text *t, char const *s)
{
  size_t n = strlen(s) ;
  if (n > TEXTLEN - 1 - t->len) n = TEXTLEN - 1 - t->len ;  /* room for the newline */
  memcpy(t->s + t->len, s, n) ;
  t->len += n ;
}

static int put (char const *s, size_t n)
{
  struct pollfd x = { .fd = out, .events = POLLOUT } ;
  if (poll(&x, 1, 0) != 1) return 0 ;
  return (is_socket ? send(out, s, n, MSG_DONTWAIT | MSG_NOSIGNAL) : write(out, s, n)) == (ssize_t)n ;
}

void logline_v (char const *const *s)
{
  text t = { .len = 0 } ;
  char fmt[UINT_FMT] ;
  if (lost)
  {
    fmt[uint_fmt(fmt, lost)] = 0 ;
    add(&t, PROG) ; add(&t, ": warning: lines lost: ") ; add(&t, fmt) ; add(&t, "\n") ;
  }
  add(&t, PROG) ; add(&t, ": ") ;
  while (*s) add(&t, *s++) ;
  t.s[t.len++] = '\n' ;
  if (put(t.s, t.len)) lost = 0 ;
  else lost++ ;
}
