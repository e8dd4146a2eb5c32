/* ISC license. */

/* socket_getifname socket_getifidx, socket_sctp4 socket_sctp4b socket_sctp6 socket_sctp6b */

#include "address.h"

#include <pthread.h>

#include "socket.h"

#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif

static void an_index_belongs_to_a_name_or_is_0 (void)
{
  check(keeps(socket_getifidx("lo") == if_nametoindex("lo")) && socket_getifidx("lo") > 0) ;
  check(socket_getifidx("no such one") == 0 && socket_getifidx("") == 0) ;
  check(socket_getifidx("a name that is longer than any interface can have") == 0) ;
}

/* The kernel knows 15 characters, and some C libraries cut a longer name. */

static void a_longer_name_is_not_that_of_another (void)
{
  check(!system("ip link add abcdefghijklmno type veth peer name b")) ;
  check(socket_getifidx("abcdefghijklmno") > 0) ;
  check(fails((int)socket_getifidx("abcdefghijklmnop") - 1, ENODEV)) ;
}

static void a_name_belongs_to_an_index_or_is_unknown (void)
{
  uint32_t lo = socket_getifidx("lo") ;
  check(keeps(!strcmp(socket_getifname(lo), "lo"))) ;
  check(!strcmp(socket_getifname(0), "[unknown]")) ;
  check(!strcmp(socket_getifname(7777777), "[unknown]")) ;
  check(!strcmp(socket_getifname(lo), "lo")) ;
}

static void *other (void *arg)
{
  (void)arg ;
  return (void *)(uintptr_t)socket_getifname(socket_getifidx("lo")) ;
}

/* Each thread has a buffer of its own. */

static void each_thread_has_a_name_of_its_own (void)
{
  char const *mine = socket_getifname(socket_getifidx("lo")) ;
  pthread_t t ;
  void *its = 0 ;
  check(!pthread_create(&t, 0, &other, 0) && !pthread_join(t, &its)) ;
#ifndef __STDC_NO_THREADS__
  check(its && its != mine) ;
#endif
  check(!strcmp(mine, "lo")) ;
}

/* The kernel has SCTP or it has not: then that is all that happens. */

static void sctp (int (*f) (void), int domain, int nonblocking)
{
  int x = -1, s ;
  socklen_t len = sizeof x ;
  int known = socket(domain, SOCK_STREAM, IPPROTO_SCTP), e = errno ;
  if (known == -1)
  {
    check(fails((*f)(), e) && e == EPROTONOSUPPORT) ;
    check(noipv6 == 0) ;
    return ;
  }
  close(known) ;
  creates(f, domain, SOCK_STREAM, nonblocking, 0) ;
  check((s = (*f)()) >= 0 && !getsockopt(s, SOL_SOCKET, SO_PROTOCOL, &x, &len) && x == IPPROTO_SCTP) ;
  close(s) ;
}

static void sctp_sockets_are_created_or_give_EPROTONOSUPPORT (int v6)
{
  sctp(v6 ? &socket_sctp6 : &socket_sctp4, v6 ? AF_INET6 : AF_INET, 1) ;
  sctp(v6 ? &socket_sctp6b : &socket_sctp4b, v6 ? AF_INET6 : AF_INET, 0) ;
}

int main (void)
{
  RUN(an_index_belongs_to_a_name_or_is_0) ;
  RUN_APART(a_longer_name_is_not_that_of_another) ;
  RUN(a_name_belongs_to_an_index_or_is_unknown) ;
  RUN(each_thread_has_a_name_of_its_own) ;
  RUN46(sctp_sockets_are_created_or_give_EPROTONOSUPPORT) ;
  return test_end() ;
}
