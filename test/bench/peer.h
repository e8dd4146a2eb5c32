/* ISC license. */

/*
   Every peer is run as: peer name port. It gets ready, says so, waits for a byte on standard input, and connects to that name
   as its library's users do. It prints its name, the address it reached, and the ms it took; or its name, -, ms, and what it
   was told. It gives up after the ms of DEADLINE in the environment, where it can. With GREET there it wants a server that speaks, where it can.
*/

#ifndef PEER_H
#define PEER_H

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

static char const *peer_name ;
static double peer_start ;

static inline int peer_deadline (void)
{
  char const *s = getenv("DEADLINE") ;
  return s ? atoi(s) : 10000 ;
}

static inline int peer_greeted (void)
{
  return !!getenv("GREET") ;
}

static inline double peer_now (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6 ;
}

static inline void peer_ready (char const *name)
{
  char c ;
  peer_name = name ;
  printf("%s ready\n", name) ;
  fflush(stdout) ;
  if (read(0, &c, 1) != 1) _exit(111) ;
  peer_start = peer_now() ;
}

static inline void peer_lost (char const *told)
{
  printf("%s - %.3f %s\n", peer_name, peer_now() - peer_start, told) ;
  exit(0) ;
}

static inline void peer_errno (void)
{
  peer_lost(strerrorname_np(errno)) ;
}

static inline struct addrinfo *peer_resolve (char const *name, char const *port)
{
  struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list ;
  int e = getaddrinfo(name, port, &hints, &list) ;
  if (e) peer_lost(gai_strerror(e)) ;
  return list ;
}

/* ip and port of an address, as djb's functions want them: 1 if it is IPv6 */

static inline int peer_address (struct addrinfo const *a, char const **ip, uint16_t *port)
{
  struct sockaddr_in const *sa4 = (void const *)a->ai_addr ;
  struct sockaddr_in6 const *sa6 = (void const *)a->ai_addr ;
  int six = a->ai_family == AF_INET6 ;
  *ip = six ? (char const *)&sa6->sin6_addr : (char const *)&sa4->sin_addr ;
  *port = ntohs(six ? sa6->sin6_port : sa4->sin_port) ;
  return six ;
}

/* packets: print how many there were each way too */

static inline void peer_report (int fd, int packets)
{
  double ms = peer_now() - peer_start ;
  struct sockaddr_in6 sa6 ;
  struct sockaddr_in *sa4 = (void *)&sa6 ;
  char s[INET6_ADDRSTRLEN] ;
  socklen_t len = sizeof sa6 ;
  struct tcp_info info ;
  if (getpeername(fd, (struct sockaddr *)&sa6, &len) == -1) peer_errno() ;
  inet_ntop(sa6.sin6_family, sa6.sin6_family == AF_INET6 ? (void *)&sa6.sin6_addr : (void *)&sa4->sin_addr, s, sizeof s) ;
  printf("%s %s %.3f", peer_name, s, ms) ;
  len = sizeof info ;
  if (packets && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0) printf(" %u+%u", info.tcpi_segs_out, info.tcpi_segs_in) ;
  printf("\n") ;
  exit(0) ;
}

static inline void peer_won (int fd)
{
  peer_report(fd, 0) ;
}

/* fd is connected: 1 if that is all that was wanted, or if the server speaks within ms */

static inline int peer_speaks (int fd, int ms)
{
  struct pollfd x = { .fd = fd, .events = POLLIN } ;
  char c ;
  if (!peer_greeted()) return 1 ;
  if (poll(&x, 1, ms) == 1 && recv(fd, &c, 1, MSG_PEEK) == 1) return 1 ;
  errno = ETIMEDOUT ;
  return 0 ;
}



 /* Fast open: to the first byte of the answer, and then packets sent+received. -c: with a cookie, -n: the server speaks first */

static char const *peer_data = "hello\n" ;
static int peer_option ;  /* the last other one */

/* brings the cookie, and is all over */

static inline void peer_contact (char const *name, char const *port)
{
  struct addrinfo *a = peer_resolve(name, port) ;
  int s = socket(a->ai_family, SOCK_STREAM, 0) ;
  char buf[64] ;
  sendto(s, 0, 0, MSG_FASTOPEN, a->ai_addr, a->ai_addrlen) ;
  shutdown(s, SHUT_WR) ;
  while (read(s, buf, sizeof buf) > 0) ;
  close(s) ;
  freeaddrinfo(a) ;
}

static inline void peer_options (int argc, char **argv, char const *more)
{
  char s[8] ;
  int o, known = 0 ;
  snprintf(s, sizeof s, "cn%s", more) ;
  while ((o = getopt(argc, argv, s)) != -1)
    if (o == 'c') known = 1 ;
    else if (o == 'n') peer_data = "" ;
    else if (o == '?') exit(100) ;
    else peer_option = o ;
  if (argc - optind != 2) exit(100) ;
  if (known) peer_contact(argv[optind], argv[optind + 1]) ;
}

static inline void peer_answer (int fd)
{
  char c ;
  if (read(fd, &c, 1) != 1) peer_errno() ;
  peer_report(fd, 1) ;
}

#endif
