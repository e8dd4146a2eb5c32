/* ISC license. */

/* The picture that examples/race draws, and its JSON, of races with times given here. */

#include "test.h"

#define main race_main
#include "../examples/race.c"
#undef main

#define LONG6 "\40\1\15\270\21\21\42\42\63\63\104\104\125\125\146\146"
#define LINKLOCAL6 "\376\277\21\21\42\42\63\63\104\104\125\125\146\146\167\167"

static socket_candidate a[CANDIDATES] ;
static socket_connector c ;
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

/* said is what draw or json writes to standard output */

static void capture (int asjson, int error, int colours)
{
  int out = dup(1), fd[2] ;
  ssize_t r ;
  check(!pipe(fd)) ;
  fflush(stdout) ;
  dup2(fd[1], 1) ;
  close(fd[1]) ;
  if (asjson) json(&c, &zero, &end, error) ; else draw(&c, &zero, &end, error, colours) ;
  check(buffer_flush(buffer_1)) ;
  dup2(out, 1) ;
  close(out) ;
  r = read(fd[0], said, sizeof said - 1) ;
  close(fd[0]) ;
  said[r > 0 ? r : 0] = 0 ;
}

static void says (int asjson, int error, int colours, char const *wanted, int line)
{
  capture(asjson, error, colours) ;
  if (strcmp(said, wanted)) printf("# line %d wants\n%sand gets\n%s", line, wanted, said) ;
  check(!strcmp(said, wanted)) ;
}

#define draws(error, ...) says(0, error, 0, __VA_ARGS__, __LINE__)
#define draws_in_colour(error, ...) says(0, error, 1, __VA_ARGS__, __LINE__)
#define writes(error, ...) says(1, error, 0, __VA_ARGS__, __LINE__)

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

static void each_outcome_is_written_as_json (void)
{
  every_outcome() ;
  a[0].sent = 12 ;
  writes(0,
    "{\"address\":\"::1\",\"port\":443,\"ms\":299.999,\"error\":null"
    ",\"attempts\":[{\"address\":\"::1\",\"port\":9,\"start\":0.000,\"end\":30.000,\"error\":\"ECONNREFUSED\",\"sent\":12},"
    "{\"address\":\"127.0.0.1\",\"port\":10,\"start\":30.000,\"end\":299.999,\"error\":\"ECANCELED\",\"sent\":0},"
    "{\"address\":\"10.0.0.1\",\"port\":80,\"start\":280.000,\"end\":280.000,\"error\":\"ENETUNREACH\",\"sent\":0},"
    "{\"address\":\"::1\",\"port\":443,\"start\":280.000,\"end\":299.999,\"error\":null,\"sent\":0},"
    "{\"address\":\"127.0.0.1\",\"port\":65535,\"start\":null,\"end\":null,\"error\":null,\"sent\":0}]}\n") ;
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
  writes(ETIMEDOUT,
    "{\"address\":null,\"port\":null,\"ms\":10000.000,\"error\":\"ETIMEDOUT\""
    ",\"attempts\":[{\"address\":\"127.0.0.1\",\"port\":1,\"start\":0.000,\"end\":1500.000,\"error\":\"EHOSTUNREACH\",\"sent\":0},"
    "{\"address\":\"127.0.0.1\",\"port\":2,\"start\":250.000,\"end\":10000.000,\"error\":\"ETIMEDOUT\",\"sent\":0},"
    "{\"address\":\"127.0.0.1\",\"port\":3,\"start\":500.000,\"end\":10000.000,\"error\":\"ETIMEDOUT\",\"sent\":0}]}\n") ;
}

/* a name longer than the axis can bear stands alone, the others do not */

static void a_long_name_stands_alone (void)
{
  begin() ;
  times(add6(LONG6, 443, 0), 0, 50000, ECONNRESET) ;
  times(add6(LINKLOCAL6, 65535, 4294967295), 50000, 55000, EADDRNOTAVAIL) ;
  times(add4("\377\377\377\377", 65535), 60000, 65000, EAFNOSUPPORT) ;
  wins(add6("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1", 443, 0), 65000, 90000) ;
  draws(0,
    "                       0     20    40    60    80     start   end  ms\n"
    "2001:db8:1111:2222:3333:4444:5555:6666 443\n"
    "                       |--------------x                 0.0  50.0  ECONNRESET\n"
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
  capture(0, EILSEQ, 0) ;
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
  capture(0, c.fd == -1 ? ETIMEDOUT : 0, 0) ;
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
  RUN(each_outcome_is_written_as_json) ;
  RUN(each_outcome_has_its_colour) ;
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
