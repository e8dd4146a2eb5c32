/* ISC license. */

/*
   manners: servers on one port of 127.0.0.2 and so on, which it writes to standard output; they end with standard input.
   .2 accepts and is mute, .3 accepts and resets, .4 accepts and closes, .5 refuses, .8 greets after 50 ms, .9 answers a line with
   it, .10 drops SYNs until standard input has a byte, then reads to the end and writes how many bytes there were.
*/

#include "test.h"

#include <sys/prctl.h>

#include "socket.h"

enum { MUTE = 2, RESETS, CLOSES, REFUSES, GREETS = 8, ANSWERS, LATE, END } ;

static int bound (char last, uint16_t port)
{
  char const ip[4] = { 127, 0, 0, last } ;
  int s = socket_tcp4b() ;
  if (s == -1 || socket_bind4_reuse(s, ip, port) == -1) return -1 ;
  return s ;
}

static void count (int s)
{
  char buf[4096] ;
  ssize_t r ;
  long n = 0 ;
  while ((r = read(s, buf, sizeof buf)) > 0) n += r ;
  printf("%ld\n", n) ;
  fflush(stdout) ;
}

static void meet (int kind, int s)
{
  struct linger const now = { .l_onoff = 1, .l_linger = 0 } ;
  char buf[4096] ;
  ssize_t r ;
  switch (kind)
  {
    case MUTE : return ;  /* and it stays open */
    case RESETS : setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof now) ; break ;
    case GREETS :
      poll(0, 0, 50) ;
      if (send(s, "hello\n", 6, MSG_NOSIGNAL) == -1) break ;
      while (read(s, buf, sizeof buf) > 0) ;
      break ;
    case ANSWERS :
      while ((r = read(s, buf, sizeof buf)) > 0) if (send(s, buf, (size_t)r, MSG_NOSIGNAL) == -1) break ;
      break ;
    case LATE : count(s) ; break ;
    default : break ;
  }
  close(s) ;
}

/* tell[1] hears that it serves; the late one waits for a byte from late[0] */

static void serve (int kind, int listener, uint16_t port, int const *tell, int const *late)
{
  char const ip[4] = { 127, 0, 0, LATE } ;
  char first[4], c ;
  prctl(PR_SET_PDEATHSIG, SIGKILL) ;
  if (kind == LATE && socket_connect4(socket_tcp4b(), ip, port) == -1) _exit(111) ;
  if (write(tell[1], "", 1) == -1) _exit(111) ;
  if (kind == LATE)
  {
    if (read(late[0], &c, 1) != 1) _exit(0) ;
    close(socket_accept4(listener, first, 0)) ;
  }
  for (;;)
  {
    int s = socket_accept4(listener, first, 0) ;
    if (s == -1) continue ;
    if (kind == MUTE) meet(kind, s) ;
    else if (!fork()) { prctl(PR_SET_PDEATHSIG, SIGKILL) ; meet(kind, s) ; _exit(0) ; }
    else close(s) ;
  }
}

int main (void)
{
  int s[END], tell[2], late[2] ;
  uint16_t port = 0 ;
  char c ;
  signal(SIGCHLD, SIG_IGN) ;
  if (pipe(tell) == -1 || pipe(late) == -1) return 111 ;
  for (int i = MUTE ; i < END ; i++)
  {
    s[i] = bound((char)i, port) ;
    if (s[i] == -1 || socket_local4(s[i], 0, &port) == -1) return 111 ;
    if (i >= REFUSES && i < GREETS) continue ;
    if (socket_listen(s[i], i == LATE ? 0 : 16) == -1) return 111 ;
    if (socket_fastopen(s[i]) == -1 && errno != ENOSYS) return 111 ;
  }
  for (int i = MUTE ; i < END ; i++)
  {
    if (i >= REFUSES && i < GREETS) continue ;
    if (!fork()) serve(i, s[i], port, tell, late) ;
    if (read(tell[0], &c, 1) != 1) return 111 ;
  }
  printf("%u\n", port) ;
  fflush(stdout) ;
  while (read(0, &c, 1) > 0) if (write(late[1], &c, 1) == -1) return 111 ;
  return 0 ;
}
