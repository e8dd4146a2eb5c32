/* ISC license. */

/* Every function that libowfat's socket.h has, through a pointer of the type that its page gives: C and C++, by test/link.sh. */

#include "socket.h"

typedef int creator (void) ;
typedef int option (int) ;
typedef int option_char (int, char) ;

static creator *const creators[] =
{
  &socket_tcp4, &socket_tcp4b, &socket_tcp6, &socket_tcp6b, &socket_udp4, &socket_udp4b, &socket_udp6, &socket_udp6b,
  &socket_sctp4, &socket_sctp4b, &socket_sctp6, &socket_sctp6b
} ;

static option *const options[] = { &socket_connected, &socket_broadcast, &socket_fastopen } ;
static option_char *const options_char[] = { &socket_mcttl4, &socket_mchopcount6, &socket_mcloop4, &socket_mcloop6 } ;

static int (*const to4[]) (int, char const *, uint16) = { &socket_connect4, &socket_bind4, &socket_bind4_reuse } ;
static int (*const to6[]) (int, char const *, uint16, uint32) = { &socket_connect6, &socket_bind6, &socket_bind6_reuse } ;
static int (*const from4[]) (int, char *, uint16 *) = { &socket_accept4, &socket_local4, &socket_remote4 } ;
static int (*const from6[]) (int, char *, uint16 *, uint32 *) = { &socket_accept6, &socket_local6, &socket_remote6 } ;

static int (*const listens) (int, unsigned int) = &socket_listen ;
static int (*const quickack) (int, int) = &socket_quickack ;
static int (*const deferaccept) (int, enum defermode) = &socket_deferaccept ;
static void (*const tryreservein) (int, int) = &socket_tryreservein ;

static ssize_t (*const recv4) (int, char *, size_t, char *, uint16 *) = &socket_recv4 ;
static ssize_t (*const recv6) (int, char *, size_t, char *, uint16 *, uint32 *) = &socket_recv6 ;
static ssize_t (*const send4) (int, char const *, size_t, char const *, uint16) = &socket_send4 ;
static ssize_t (*const send6) (int, char const *, size_t, char const *, uint16, uint32) = &socket_send6 ;
static ssize_t (*const send4_flag) (int, char const *, size_t, char const *, uint16, int) = &socket_send4_flag ;
static ssize_t (*const send6_flag) (int, char const *, size_t, char const *, uint16, uint32, int) = &socket_send6_flag ;
static ssize_t (*const fastopen_connect4) (int, char const *, uint16, char const *, size_t) = &socket_fastopen_connect4 ;
static ssize_t (*const fastopen_connect6) (int, char const *, uint16, uint32, char const *, size_t) = &socket_fastopen_connect6 ;

static int (*const mcjoin4) (int, char const *, char const *) = &socket_mcjoin4 ;
static int (*const mcjoin6) (int, char const *, int) = &socket_mcjoin6 ;
static int (*const mcleave[]) (int, char const *) = { &socket_mcleave4, &socket_mcleave6 } ;

static char const *(*const getifname) (uint32) = &socket_getifname ;
static uint32 (*const getifidx) (char const *) = &socket_getifidx ;

#ifndef HAVE_SOCKET_FASTOPEN
#error HAVE_SOCKET_FASTOPEN is missing
#endif

#define each(f) (void)(sizeof f / sizeof *f)

int main (void)
{
  enum defermode mode = HTTPIN ;
  int *p = &noipv6 ;
  each(creators) ; each(options) ; each(options_char) ; each(to4) ; each(to6) ; each(from4) ; each(from6) ; each(mcleave) ;
  (void)listens ; (void)quickack ; (void)deferaccept ; (void)tryreservein ; (void)recv4 ; (void)recv6 ; (void)send4 ; (void)send6 ;
  (void)send4_flag ; (void)send6_flag ; (void)fastopen_connect4 ; (void)fastopen_connect6 ; (void)mcjoin4 ; (void)mcjoin6 ;
  (void)getifname ; (void)getifidx ;
  mode = DATAIN ;
  return *p || mode || socket_tcp() == -1 || socket_udp() == -1 ;
}
