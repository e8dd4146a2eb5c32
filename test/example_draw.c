/* ISC license. */

/* The picture that examples/race draws, of races with times given here. */

#include "test.h"

#include <netdb.h>

#define main race_main
#include "../examples/race.c"
#undef main

#define LONG6 "\40\1\15\270\21\21\42\42\63\63\104\104\125\125\146\146"
#define LINKLOCAL6 "\376\277\21\21\42\42\63\63\104\104\125\125\146\146\167\167"

#define a candidate

static socket_connector c ;
static lookup names[4] ;
static unsigned int lookups ;
static tain zero, end ;
static char said[8192] ;

static tain at (unsigned int us)
{
  tain t = { .sec = { .x = 1000 + us / 1000000 }, .nano = us % 1000000 * 1000 } ;
  return t ;
}

static void begin (void)
{
  zero = at(0) ;
  lookups = 0 ;
  memset(up, 0, sizeof up) ;
  memset(a, 0, sizeof a) ;
  socket_connector_init(&c, a, 0, &tain_infinite) ;
}

static socket_candidate *add4 (char const *ip, uint16_t port)
{
  socket_candidate_ip4(a + c.n, ip, port) ;
  return a + c.n++ ;
}

static socket_candidate *add6 (char const *ip, uint16_t port, uint32_t scope)
{
  socket_candidate_ip6(a + c.n, ip, port, scope) ;
  return a + c.n++ ;
}

static void times (socket_candidate *x, unsigned int from, unsigned int to, int error)
{
  x->start = at(from) ;
  x->end = end = at(to) ;
  x->error = error ;
}

static void wins (socket_candidate *x, unsigned int from, unsigned int to)
{
  times(x, from, to, 0) ;
  c.fd = 0 ;  /* a valid one */
  c.winner = (unsigned int)(x - a) ;
}

/* said is what draw writes to standard output */

static void capture (int error, int colours)
{
  int out = dup(1), fd[2] ;
  ssize_t r ;
  check(!pipe(fd)) ;
  fflush(stdout) ;
  dup2(fd[1], 1) ;
  close(fd[1]) ;
  draw(&c, names, lookups, &zero, &end, error, colours) ;
  check(buffer_flush(buffer_1)) ;
  dup2(out, 1) ;
  close(out) ;
  r = read(fd[0], said, sizeof said - 1) ;
  close(fd[0]) ;
  said[r > 0 ? r : 0] = 0 ;
}

static void says (int error, int colours, char const *wanted, int line)
{
  capture(error, colours) ;
  if (strcmp(said, wanted)) printf("# line %d wants\n%sand gets\n%s", line, wanted, said) ;
  check(!strcmp(said, wanted)) ;
}

#define draws(error, ...) says(error, 0, __VA_ARGS__, __LINE__)
#define draws_in_colour(error, ...) says(error, 1, __VA_ARGS__, __LINE__)

static lookup *look_up (char const *host)
{
  lookup *l = names + lookups++ ;
  memset(l, 0, sizeof *l) ;
  l->host = host ;
  for (int is6 = 0 ; is6 < 2 ; is6++)
  {
    l->family[is6].start = l->family[is6].end = zero ;
    l->family[is6].state = LOOKUP_TAKEN ;
  }
  return l ;
}

static void finds (lookup *l, int is6, unsigned int us, unsigned int n, int error)
{
  l->family[is6].end = at(us) ;
  l->family[is6].answer.n = n ;
  l->family[is6].answer.error = error ;
}

/* refused, silent, failed within the call, not tried, connected: in the order of their starts */

static void every_outcome (void)
{
  begin() ;
  times(add6(LOOPBACK6, 9, 0), 0, 30000, ECONNREFUSED) ;
  add4(LOOPBACK4, 65535) ;
  wins(add6(LOOPBACK6, 443, 0), 280000, 299999) ;
  times(add4("\12\0\0\1", 80), 280000, 280000, ENETUNREACH) ;
  times(add4(LOOPBACK4, 10), 30000, 299999, ECANCELED) ;
}

static void each_outcome_is_drawn_in_the_order_of_starts (void)
{
  every_outcome() ;
  draws(0,
    "                 0    50    100   150   200   250      start   end  ms\n"
    "::1 9            |--x                                    0.0  30.0  ECONNREFUSED\n"
    "127.0.0.1 10        |-------------------------------/   30.0 299.9  closed\n"
    "10.0.0.1 80                                      !     280.0 280.0  ENETUNREACH\n"
    "::1 443                                          |--*  280.0 299.9  connected\n"
    "127.0.0.1 65535                                                     not tried\n"
    "::1 443 connected after 299.9 ms\n") ;
}

static void each_outcome_has_its_colour (void)
{
  every_outcome() ;
  draws_in_colour(0,
    "                 0    50    100   150   200   250      start   end  ms\n"
    "::1 9            \033[31m|--x                                    0.0  30.0  ECONNREFUSED\033[m\n"
    "127.0.0.1 10     \033[33m   |-------------------------------/   30.0 299.9  closed\033[m\n"
    "10.0.0.1 80      \033[31m                                !     280.0 280.0  ENETUNREACH\033[m\n"
    "::1 443          \033[32m                                |--*  280.0 299.9  connected\033[m\n"
    "127.0.0.1 65535                                                     not tried\n"
    "::1 443 connected after 299.9 ms\n") ;
}

/* the lookups of a name come first; a literal address has none */

static void lookups_come_first (void)
{
  lookup *l ;
  begin() ;
  l = look_up("host.example") ;
  finds(l, 1, 20000, 2, 0) ;
  finds(l, 0, 40000, 1, 0) ;
  l = look_up("::1") ;
  l->literal = 1 ;
  l->family[1].answer.n = 1 ;
  times(add6(LOOPBACK6, 9, 0), 20000, 21000, ECONNREFUSED) ;
  wins(add4(LOOPBACK4, 443), 60000, 100000) ;
  draws(0,
    "                   0     20     40    60     80        start   end  ms\n"
    "IPv6 host.example  |----->                               0.0  20.0  2 addresses\n"
    "IPv4 host.example  |------------>                        0.0  40.0  1 address\n"
    "::1 9                    x                              20.0  21.0  ECONNREFUSED\n"
    "127.0.0.1 443                         |-------------*   60.0 100.0  connected\n"
    "127.0.0.1 443 connected after 100.0 ms\n") ;
}

static void a_lookup_that_fails_has_its_mark (void)
{
  lookup *l ;
  begin() ;
  l = look_up("a.example") ;
  l->family[1].state = LOOKUP_STOPPED ;
  finds(l, 0, 40000, 0, EAI_NODATA) ;
  end = at(100000) ;
  draws(ETIMEDOUT,
    "                0      20      40     60      80         start   end  ms\n"
    "IPv6 a.example  |-------------------------------------/    0.0 100.0  no answer\n"
    "IPv4 a.example  |--------------x                           0.0  40.0  no address\n"
    "no address after 100.0 ms: no answer\n") ;
}

/* a literal address that is none says so in one place */

static void a_literal_that_is_none_is_one_row (void)
{
  lookup *l ;
  begin() ;
  l = look_up("::2::") ;
  l->literal = 1 ;
  l->family[0].state = LOOKUP_NONE ;
  finds(l, 1, 0, 0, EAI_NONAME) ;
  end = at(0) ;
  capture(EDESTADDRREQ, 0) ;
  check(strstr(said, "IPv6 ::2::") && !strstr(said, "IPv4") && strstr(said, "no address after 0.000 ms: ") && strstr(said, gai_strerror(EAI_NONAME))) ;
}

/* with -g: up, then ready, then what came of it */

static void up_is_not_ready (void)
{
  begin() ;
  times(add4("\177\0\0\2", 25), 0, 400000, ECANCELED) ;
  up[0] = at(100000) ;
  times(add4("\177\0\0\3", 25), 100000, 300000, ECONNRESET) ;
  up[1] = at(200000) ;
  times(add4("\177\0\0\4", 25), 150000, 300000, EPIPE) ;
  up[2] = at(200000) ;
  wins(add4("\177\0\0\5", 25), 200000, 400000) ;
  up[3] = at(300000) ;
  draws(0,
    "              0        100      200      300         start   end  ms\n"
    "127.0.0.2 25  |--------+==========================/    0.0 400.0  up, closed\n"
    "127.0.0.3 25           |--------+========x           100.0 300.0  up, ECONNRESET\n"
    "127.0.0.4 25               |----+========x           150.0 300.0  up, EPIPE\n"
    "127.0.0.5 25                    |--------+========*  200.0 400.0  up, ready\n"
    "127.0.0.5 25 connected after 400.0 ms\n") ;
}

static void no_greeting_is_not_no_connection (void)
{
  begin() ;
  times(add4(LOOPBACK4, 25), 0, 400000, ETIMEDOUT) ;
  up[0] = at(100000) ;
  capture(ETIMEDOUT, 0) ;
  check(strstr(said, "  up, ETIMEDOUT\n") && strstr(said, "\nno greeting after 400.0 ms: ETIMEDOUT\n")) ;
}

/* without -g too */

static void accepted_then_reset_is_not_no_connection (void)
{
  begin() ;
  times(add4(LOOPBACK4, 25), 0, 400000, ECONNRESET) ;
  capture(ECONNRESET, 0) ;
  check(strstr(said, "  accepted, ECONNRESET\n") && strstr(said, "\nconnection lost after 400.0 ms: ECONNRESET\n")) ;
}

static void the_page_has_such_a_picture (void)
{
  lookup *l ;
  begin() ;
  l = look_up("mx.example.org") ;
  finds(l, 1, 12000, 2, 0) ;
  finds(l, 0, 30000, 1, 0) ;
  times(add6("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1", 25, 0), 12000, 402000, ECANCELED) ;
  add6("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\2", 25, 0) ;
  wins(add4("\300\0\2\1", 25), 262000, 402000) ;
  up[2] = at(292000) ;
  draws(0,
    "                     0      100     200     300         start   end  ms\n"
    "IPv6 mx.example.org  >                                    0.0  12.0  2 addresses\n"
    "IPv4 mx.example.org  |->                                  0.0  30.0  1 address\n"
    "2001:db8::1 25       |-------------------------------/   12.0 402.0  closed\n"
    "192.0.2.1 25                             |--+========*  262.0 402.0  up, ready\n"
    "2001:db8::2 25                                                       not tried\n"
    "192.0.2.1 25 connected after 402.0 ms\n") ;
}

/* a second attempt at an address is a row if it was made */

static void a_second_attempt_is_a_row_if_it_was_made (void)
{
  begin() ;
  times(add4(LOOPBACK4, 1), 0, 400000, ECANCELED) ;
  wins(add4(LOOPBACK4, 1), 250000, 400000) ;
  a[1].hedge = 1 ;
  add4(LOOPBACK4, 2)->hedge = 1 ;
  draws(0,
    "             0       100      200      300         start   end  ms\n"
    "127.0.0.1 1  |----------------------------------/    0.0 400.0  closed\n"
    "127.0.0.1 1                       |-------------*  250.0 400.0  connected, again\n"
    "127.0.0.1 1 connected after 400.0 ms\n") ;
}

/* one that failed by itself, and what the deadline ended */

static void what_the_deadline_ended_is_told_from_what_failed (void)
{
  begin() ;
  times(add4(LOOPBACK4, 1), 0, 1500000, EHOSTUNREACH) ;
  times(add4(LOOPBACK4, 2), 250000, 10000000, ETIMEDOUT) ;
  times(add4(LOOPBACK4, 3), 500000, 10000000, ETIMEDOUT) ;
  draws(ETIMEDOUT,
    "             0      2000   4000   6000   8000        start     end  ms\n"
    "127.0.0.1 1  |----x                                    0.0  1500.0  EHOSTUNREACH\n"
    "127.0.0.1 2  |----------------------------------/    250.0 10000.0  ETIMEDOUT\n"
    "127.0.0.1 3   |---------------------------------/    500.0 10000.0  ETIMEDOUT\n"
    "no connection after 10000.0 ms: ETIMEDOUT\n") ;
}

/* a name longer than the axis can bear stands alone, the others do not */

static void a_long_name_stands_alone (void)
{
  begin() ;
  times(add6(LONG6, 443, 0), 0, 50000, ECONNREFUSED) ;
  times(add6(LINKLOCAL6, 65535, 4294967295), 50000, 55000, EADDRNOTAVAIL) ;
  times(add4("\377\377\377\377", 65535), 60000, 65000, EAFNOSUPPORT) ;
  wins(add6("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1", 443, 0), 65000, 90000) ;
  draws(0,
    "                       0     20    40    60    80     start   end  ms\n"
    "2001:db8:1111:2222:3333:4444:5555:6666 443\n"
    "                       |--------------x                 0.0  50.0  ECONNREFUSED\n"
    "febf:1111:2222:3333:4444:5555:6666:7777%4294967295 65535\n"
    "                                      |-x              50.0  55.0  EADDRNOTAVAIL\n"
    "255.255.255.255 65535                    |-x           60.0  65.0  EAFNOSUPPORT\n"
    "2001:db8::1 443                            |-------*   65.0  90.0  connected\n"
    "2001:db8::1 443 connected after 90.0 ms\n") ;
}

static void data_in_the_SYN_is_told (void)
{
  begin() ;
  times(add4(LOOPBACK4, 1), 0, 250, ECONNREFUSED) ;
  wins(add4(LOOPBACK4, 2), 10250, 10700) ;
  a[0].sent = a[1].sent = 1 ;
  draws(0,
    "             0    2    4     6    8     10   start   end  ms\n"
    "127.0.0.1 1  x                                 0.0   0.2  ECONNREFUSED, SYN data\n"
    "127.0.0.1 2                             |-*   10.2  10.7  connected, SYN data\n"
    "127.0.0.1 2 connected after 10.7 ms\n") ;
}

/* less than 10 ms is shown to the microsecond */

static void less_than_ten_ms_is_shown_to_the_microsecond (void)
{
  begin() ;
  wins(add4(LOOPBACK4, 2), 0, 9999) ;
  draws(0,
    "             0       2       4        6       8           start   end  ms\n"
    "127.0.0.1 2  |-----------------------------------------*  0.000 9.999  connected\n"
    "127.0.0.1 2 connected after 9.999 ms\n") ;
}

/* no time at all has passed */

static void no_time_at_all_is_drawn (void)
{
  begin() ;
  times(add4(LOOPBACK4, 2), 0, 0, EACCES) ;
  draws(EACCES,
    "             0.000                                           start   end  ms\n"
    "127.0.0.1 2  !                                               0.000 0.000  EACCES\n"
    "no connection after 0.000 ms: EACCES\n") ;
}

/* an error without a name here is what the system calls it, 30 columns of that */

static void an_error_without_a_name_is_what_the_system_calls_it (void)
{
  char const *name = strerror(EILSEQ) ;
  char wanted[64] ;
  begin() ;
  times(add4(LOOPBACK4, 2), 0, 40000, EILSEQ) ;
  capture(EILSEQ, 0) ;
  snprintf(wanted, sizeof wanted, "-x    0.0  40.0  %.30s\n", name) ;
  check(strstr(said, wanted)) ;
  check(strstr(said, "after 40.0 ms: ") && strstr(strstr(said, "after 40.0 ms: "), name)) ;
}

/* The longest that -t allows, and the longest of each column: 80 columns do */

static void the_longest_columns_fit_into_80 (void)
{
  begin() ;
  times(add6(LINKLOCAL6, 65535, 4294967295), 4294967290, 4294967295, ECONNREFUSED) ;
  a[0].start.sec.x = a[0].end.sec.x = 4294967 + 1000 ;
  a[0].sent = 1 ;
  end = a[0].end ;
  draws(ECONNREFUSED,
    "  0           2000000000              start          end  ms\n"
    "febf:1111:2222:3333:4444:5555:6666:7777%4294967295 65535\n"
    "                           |x  4294967967.2 4294967967.2  ECONNREFUSED, SYN data\n"
    "no connection after 4294967967.2 ms: ECONNREFUSED\n") ;
}

/* Any race: no more than 80 columns, a bar for each that was tried, and columns that grow with time */

static unsigned int any (unsigned int n)
{
  static uint32_t x = 1 ;
  x = x * 1664525 + 1013904223 ;
  return (x >> 8) % n ;
}

static void any_race (void)
{
  static int const errors[] = { ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT, EADDRNOTAVAIL, ECANCELED } ;
  unsigned int bars = 0, tries = 0, total = 1 + any(1U << any(32)) ;
  size_t previous = 0 ;
  char *line, *next ;
  begin() ;
  for (unsigned int n = 1 + any(12) ; n ; n--)
  {
    socket_candidate *x = any(2) ? add4(LOOPBACK4, (uint16_t)any(65536)) : add6(any(2) ? LONG6 : LOOPBACK6, (uint16_t)any(65536), 0) ;
    unsigned int from = any(total), to = from + any(total - from) ;
    if (any(2)) x->sent = 1 ;
    if (!any(4)) continue ;
    times(x, from, to, errors[any(5)]) ;
    tries++ ;
  }
  end = at(total) ;
  if (any(2)) { wins(add4(LOOPBACK4, 1), any(total), total) ; tries++ ; }
  capture(c.fd == -1 ? ETIMEDOUT : 0, 0) ;
  for (line = strchr(said, '\n') + 1 ; (next = strchr(line, '\n')) && next[1] ; line = next + 1)
  {
    size_t first, last ;
    *next = 0 ;
    check(strlen(line) <= 80) ;
    first = strcspn(line, "|x!*/") ;
    last = strcspn(line, "x!*/") ;
    if (!line[first]) continue ;
    bars++ ;
    check(first >= previous && last >= first && last < 60) ;
    check(first == last || (line[first] == '|' && strspn(line + first + 1, "-") == last - first - 1)) ;
    previous = first ;
  }
  check(bars == tries && strlen(line) <= 80 + 1) ;
}

static void any_race_fits_into_80_columns (void)
{
  for (unsigned int i = 0 ; i < 10000 && !test_failures ; i++) any_race() ;
}

int main (void)
{
  RUN(each_outcome_is_drawn_in_the_order_of_starts) ;
  RUN(each_outcome_has_its_colour) ;
  RUN(lookups_come_first) ;
  RUN(a_lookup_that_fails_has_its_mark) ;
  RUN(a_literal_that_is_none_is_one_row) ;
  RUN(up_is_not_ready) ;
  RUN(no_greeting_is_not_no_connection) ;
  RUN(accepted_then_reset_is_not_no_connection) ;
  RUN(the_page_has_such_a_picture) ;
  RUN(a_second_attempt_is_a_row_if_it_was_made) ;
  RUN(what_the_deadline_ended_is_told_from_what_failed) ;
  RUN(a_long_name_stands_alone) ;
  RUN(data_in_the_SYN_is_told) ;
  RUN(less_than_ten_ms_is_shown_to_the_microsecond) ;
  RUN(no_time_at_all_is_drawn) ;
  RUN(an_error_without_a_name_is_what_the_system_calls_it) ;
  RUN(the_longest_columns_fit_into_80) ;
  RUN(any_race_fits_into_80_columns) ;
  return test_end() ;
}
