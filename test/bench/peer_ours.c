/* ISC license. */

/*
   -d, -b: delay and backoff of the connector.
   -r table: as one who knows round-trip times, here test/wan's table: the next attempt waits for one and a half of them, never
   longer than without that knowledge. The order stays as it is.
*/

#define _GNU_SOURCE

#include "peer.h"
#include "socket_connector.h"

#define MAX 16

static unsigned int roundtrip (char const *file, struct addrinfo const *a)
{
  char s[256], name[INET6_ADDRSTRLEN] ;
  unsigned int ms = 0 ;
  FILE *f = fopen(file, "r") ;
  getnameinfo(a->ai_addr, a->ai_addrlen, name, sizeof name, 0, 0, NI_NUMERICHOST) ;
  while (f && fgets(s, sizeof s, f)) if (!strncmp(s, name, strlen(name)) && sscanf(s + strlen(name), " %u", &ms) == 1) break ;
  if (f) fclose(f) ;
  return ms ;
}

int main (int argc, char **argv)
{
  struct addrinfo *list ;
  socket_candidate candidate[MAX] ;
  socket_connector c ;
  tain deadline ;
  unsigned int n, delay = 250 ;
  unsigned int known[MAX] = { 0 } ;
  char const *table = 0 ;
  int o, backoff = 0 ;
  while ((o = getopt(argc, argv, "d:b:r:")) != -1)
    if (o == 'd') delay = (unsigned int)atoi(optarg) ;
    else if (o == 'b') backoff = atoi(optarg) ;
    else if (o == 'r') table = optarg ;
    else return 100 ;
  if (argc - optind != 2) return 100 ;
  argv += optind ;
  list = peer_resolve(argv[0], argv[1]) ;
  n = 0 ;
  if (table) for (struct addrinfo *a = list ; a && n < MAX ; a = a->ai_next) known[n++] = roundtrip(table, a) * 3 / 2 ;
  freeaddrinfo(list) ;

  peer_ready(argv[0]) ;
  list = peer_resolve(argv[0], argv[1]) ;
  n = socket_candidate_addrinfo(candidate, MAX, list) ;
  freeaddrinfo(list) ;
  for (unsigned int i = 0 ; i < n ; i++) candidate[i].delay = known[i] < delay ? known[i] : delay ;
  tain_now_set_stopwatch_g() ;
  tain_from_millisecs(&deadline, DEADLINE) ;
  tain_add_g(&deadline, &deadline) ;
  socket_connector_init(&c, candidate, n, &deadline) ;
  c.delay = delay ;
  c.backoff = backoff ;
  if (socket_connector_wait_g(&c) == -1) peer_errno() ;
  peer_won(c.fd) ;
}
