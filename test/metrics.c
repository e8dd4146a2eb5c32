/* ISC license. */

/*
   socket_candidate_metrics: what the kernel remembers, as ip tcp_metrics shows it, and answers that are not as they should be.
   Across the wire of slow.h, where a server in B echoes nothing and closes.
*/

#include "test.h"

#include <skalibs/tai.h>

#include "socket_connector.h"

#ifndef TEST_METRICS

static void elsewhere_it_gives_ENOSYS (void)
{
  socket_candidate x, before ;
  socket_candidate_ip4(&x, LOOPBACK4, 7) ;
  before = x ;
  check(fails(socket_candidate_metrics(&x, 1), ENOSYS)) ;
  check(fails(socket_candidate_metrics(&x, 0), ENOSYS)) ;
  check(!memcmp(&x, &before, sizeof x)) ;
}

int main (void)
{
  RUN(elsewhere_it_gives_ENOSYS) ;
  return test_end() ;
}

#else

#include <linux/genetlink.h>
#include <linux/tcp_metrics.h>

#include "slow.h"
#include "syscalls.h"

#define PORT 7


 /* The system calls of socket_candidate_metrics */

static struct
{
  int on ;
  int socket, send ;              /* errno of each */
  int swallows ;                  /* the question from which on none arrives, from 1 */
  int renames ;                   /* asks for a family that does not exist */
  void (*mangle) (unsigned char *, long *) ;  /* an answer and its length */
  int question ;                  /* the one whose answer it mangles, from 1 */
  int foreign ;                   /* answers of another than the kernel before it */
  unsigned int sender ;           /* its port, or 0 and the answer to another question */
  int questions, calls ;
} fault ;

static unsigned char answer[3][4096] ;  /* the kernel's last to each question */
static long answered[3] ;

/* Finds an attribute of it: where it is. */

static long attribute (int question, int type)
{
  uint16_t a[2] ;
  for (long i = 20 ; i + 4 <= answered[question] ; i += (a[0] + 3) & ~3)
  {
    memcpy(a, answer[question] + i, 4) ;
    if ((a[1] & NLA_TYPE_MASK) == type) return i ;
  }
  abort() ;
}

static long asks (long *a)
{
  static char question[64] ;
  fault.questions++ ;
  if (fault.send) return (errno = fault.send, -1) ;
  if (fault.swallows && fault.questions >= fault.swallows) return a[2] ;
  if (fault.renames && fault.questions == 1 && a[2] <= (long)sizeof question)
  {
    memcpy(question, (void *)a[1], (size_t)a[2]) ;
    question[20 + 4] ^= 1 ;  /* behind the headers of netlink, generic netlink and the attribute */
    a[1] = L(question) ;
  }
  return kernel(CALL_send, a) ;
}

static long receives (long *a)
{
  struct sockaddr_nl *from = (void *)a[4] ;
  long r ;
  if (fault.foreign && fault.questions == fault.question)
  {
    r = answered[fault.question] ;
    fault.foreign-- ;
    memcpy((void *)a[1], answer[fault.question], (size_t)r) ;
    if (fault.question == 1) ((unsigned char *)a[1])[attribute(1, CTRL_ATTR_FAMILY_ID) + 4] ^= 64 ;
    from->nl_pid = fault.sender ;
    if (!fault.sender) ((struct nlmsghdr *)a[1])->nlmsg_seq += 7 ;
    return r ;
  }
  r = kernel(CALL_recvfrom, a) ;
  if (r <= 0 || r > (long)sizeof *answer || fault.questions > 2) return r ;
  answered[fault.questions] = r ;
  memcpy(answer[fault.questions], (void *)a[1], (size_t)r) ;
  if (fault.mangle && fault.questions == fault.question) (*fault.mangle)((unsigned char *)a[1], &r) ;
  return r ;
}

static long hook (int call, long *a)
{
  if (!fault.on) return kernel(call, a) ;
  fault.calls++ ;
  switch (call)
  {
    case CALL_socket : return fault.socket ? (errno = fault.socket, -1) : kernel(call, a) ;
    case CALL_send : return asks(a) ;
    default : return receives(a) ;
  }
}

REPLACE(recvfrom)
REPLACE(send)
REPLACE(socket)


 /* What is remembered */

static int gone[2] ;  /* the server writes to it when a connection is all over */

/* A connection that ends in order, or by a reset, across a wire so many ms long. */

static void contact (socket_candidate const *x, int reset, int way)
{
  struct linger const now = { .l_onoff = reset } ;
  int s = x->is6 ? socket_tcp6b() : socket_tcp4b() ;
  char c ;
  slow->delay = way ;
  check(!(x->is6 ? socket_connect6(s, x->ip, PORT, 0) : socket_connect4(s, x->ip, PORT))) ;
  if (!reset) check(!shutdown(s, SHUT_WR) && !read(s, &c, 1)) ;
  else check(!setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof now)) ;
  close(s) ;
  check(read(gone[0], &c, 1) == 1) ;
}

/* an address of B's that no other case has */

static void fresh (socket_candidate *x, int v6)
{
  static unsigned char n ;
  if (v6) socket_candidate_ip6(x, "\375\1\0\0\0\0\0\0\0\0\0\0\0\0\0", PORT, 0) ;
  else socket_candidate_ip4(x, "\12\1\0", PORT) ;
  x->ip[v6 ? 15 : 3] = (char)++n ;
}

/* The delay that is right for x, from the round-trip time in us that ip shows, which is rounded down. */

static int right (socket_candidate const *x)
{
  char s[128], address[INET6_ADDRSTRLEN], line[512], *p ;
  unsigned int us, ms[2] ;
  FILE *f ;
  inet_ntop(x->is6 ? AF_INET6 : AF_INET, x->ip, address, sizeof address) ;
  snprintf(s, sizeof s, "PATH=$PATH:/usr/sbin:/sbin ip tcp_metrics show %s", address) ;
  f = popen(s, "r") ;
  p = f && fgets(line, sizeof line, f) ? strstr(line, " rtt ") : 0 ;
  if (f) pclose(f) ;
  if (!p || sscanf(p, " rtt %uus", &us) != 1) return 0 ;
  for (unsigned int i = 0 ; i < 2 ; i++)
  {
    ms[i] = (us + i) * 3 / 2000 ;
    ms[i] = ms[i] < 100 ? 100 : ms[i] < 250 ? ms[i] : 0 ;
    if (x->delay == ms[i]) return 1 ;
  }
  return 0 ;
}

/* All but the delay is as it was. */

static int untouched (socket_candidate const *x, socket_candidate const *before)
{
  socket_candidate y = *x ;
  y.delay = before->delay ;
  return !memcmp(&y, before, sizeof y) ;
}

static void the_delay_is_right_for_the_roundtrip_time (int v6)
{
  static int const way[] = { 0, 15, 50, 130 } ;
  socket_candidate x[5], before[5] ;
  for (int i = 0 ; i < 5 ; i++) fresh(x + i, v6) ;
  for (int i = 0 ; i < 4 ; i++) contact(x + i, 0, way[i]) ;
  memcpy(before, x, sizeof x) ;
  check(keeps(socket_candidate_metrics(x, 5) == 4)) ;
  for (int i = 0 ; i < 4 ; i++) check(right(x + i) && untouched(x + i, before + i)) ;
  check(x[2].delay != 100 && !x[3].delay) ;
  check(!memcmp(x + 4, before + 4, sizeof *x)) ;

  /* a delay of its own stays; no more than n are looked at */
  x[0].delay = 7 ;
  x[1].delay = 0 ;
  check(keeps(socket_candidate_metrics(x, 1) == 1)) ;
  check(x[0].delay == 7 && !x[1].delay) ;
  check(keeps(!socket_candidate_metrics(x, 0))) ;
}

static void a_mapped_address_is_known_as_IPv4 (void)
{
  socket_candidate x, m, before ;
  fresh(&x, 0) ;
  contact(&x, 0, 0) ;
  socket_candidate_ip6(&m, MAPPED6, PORT, 0) ;
  memcpy(m.ip + 12, x.ip, 4) ;
  before = m ;
  check(keeps(socket_candidate_metrics(&m, 1) == 1)) ;
  x.delay = m.delay ;
  check(right(&x) && untouched(&m, &before)) ;
}

static void not_known (socket_candidate *x)
{
  socket_candidate const before = *x ;
  check(keeps(!socket_candidate_metrics(x, 1))) ;
  check(!memcmp(x, &before, sizeof *x)) ;
}

static void a_connection_that_is_reset_leaves_nothing (int v6)
{
  socket_candidate x ;
  fresh(&x, v6) ;
  contact(&x, 1, 0) ;
  not_known(&x) ;
}

static void saving_switched_off_leaves_nothing (int v6)
{
  socket_candidate x ;
  if (test_write("/proc/sys/net/ipv4/tcp_no_metrics_save", "1") == -1) SKIP("no sysctl net.ipv4.tcp_no_metrics_save") ;
  fresh(&x, v6) ;
  contact(&x, 0, 0) ;
  not_known(&x) ;
  check(!test_write("/proc/sys/net/ipv4/tcp_no_metrics_save", "0")) ;
  contact(&x, 0, 0) ;
  check(keeps(socket_candidate_metrics(&x, 1) == 1)) ;
}

static void another_namespace_knows_nothing (int v6)
{
  socket_candidate x ;
  fresh(&x, v6) ;
  contact(&x, 0, 0) ;
  tun_in(1) ;
  not_known(&x) ;
  tun_in(0) ;
}

static void no_rights_are_needed (int v6)
{
  socket_candidate x ;
  pid_t pid ;
  int const mark = 1 ;
  int s ;
  fresh(&x, v6) ;
  contact(&x, 0, 0) ;
  pid = test_fork() ;
  if (!pid)
  {
    s = socket_tcp4() ;
    check(!setsockopt(s, SOL_SOCKET, SO_MARK, &mark, sizeof mark) && !test_give_up_rights()) ;
    check(fails(setsockopt(s, SOL_SOCKET, SO_MARK, &mark, sizeof mark), EPERM)) ;
    check(keeps(socket_candidate_metrics(&x, 1) == 1)) ;
    check(right(&x)) ;
    test_exit() ;
  }
  check(test_fine(pid)) ;
}


 /* What fails */

/* one that is known, on a delay of more than 100 */

static socket_candidate well_known (void)
{
  static socket_candidate x ;
  if (x.port) return x ;
  fresh(&x, 0) ;
  contact(&x, 0, 40) ;
  return x ;
}

static int asked (socket_candidate *x)
{
  int r ;
  fault.on = 1 ;
  fault.questions = fault.calls = 0 ;
  r = socket_candidate_metrics(x, 1) ;
  fault.on = 0 ;
  check(fault.calls < 16) ;
  return r ;
}

static void faultless (void)
{
  memset(&fault, 0, sizeof fault) ;
}

static void without_the_family_it_fails (void)
{
  socket_candidate x, before ;
  static int const errors[] = { EAFNOSUPPORT, EPROTONOSUPPORT, EPERM, EMFILE } ;
  before = x = well_known() ;
  for (size_t i = 0 ; i < sizeof errors / sizeof *errors ; i++)
  {
    faultless() ;
    fault.socket = errors[i] ;
    check(fails(asked(&x), errors[i])) ;
  }
  faultless() ;
  fault.renames = 1 ;
  check(fails(asked(&x), ENOSYS)) ;
  check(answered[1] > 36 && ((struct nlmsghdr *)answer[1])->nlmsg_type == NLMSG_ERROR) ;
  faultless() ;
  fault.send = EPERM ;
  check(fails(asked(&x), ENOSYS)) ;
  faultless() ;
  fault.swallows = 1 ;
  check(fails(asked(&x), ENOSYS)) ;
  check(!memcmp(&x, &before, sizeof x)) ;
  faultless() ;
}

static void a_missing_answer_is_not_waited_for (void)
{
  socket_candidate x, before ;
  before = x = well_known() ;
  faultless() ;
  fault.swallows = 2 ;
  check(keeps(!asked(&x))) ;
  check(!memcmp(&x, &before, sizeof x)) ;
  faultless() ;
}

static long cut ;
static int how, at, bit ;

enum { CUT, SHORTER, PADDED } ;  /* it is not what it says that it is; it is shorter; it only says so */

static void cuts (unsigned char *p, long *r)
{
  uint32_t n = (uint32_t)cut ;
  if (how != CUT) memcpy(p, &n, 4) ;
  if (how != PADDED) *r = cut ;
}

static void flips (unsigned char *p, long *r)
{
  if (at < *r) p[at] ^= (unsigned char)(1 << bit) ;
}

static void longer (unsigned char *p, long *r)
{
  (void)p ;
  *r += cut ;
}

/* as kernels before 3.15 answer: milliseconds alone */

static void milliseconds (unsigned char *p, long *r)
{
  unsigned char const want[] = { 8, 0, TCP_METRIC_RTT_US + 1, 0 } ;
  int found = 0 ;
  for (long i = 20 ; i + 8 <= *r ; i += 4) if (!memcmp(p + i, want, 4)) p[i + 2] = 99, found++ ;
  check(found == 1) ;
}

/* A short or a truncated answer: it is not looked at, or what it is asked for is in what is left of it. */

static void a_short_answer_changes_nothing (void)
{
  socket_candidate x, before ;
  unsigned int delay ;
  before = x = well_known() ;
  faultless() ;
  check(asked(&x) == 1 && x.delay > 100 && right(&x)) ;
  delay = x.delay ;
  fault.mangle = &cuts ;
  for (fault.question = 1 ; fault.question < 3 ; fault.question++)
  {
    long const all = answered[fault.question] ;
    long const i = attribute(fault.question, fault.question == 1 ? CTRL_ATTR_FAMILY_ID : TCP_METRICS_ATTR_VALS) ;
    long const needed = i + answer[fault.question][i] ;
    check(all >= needed && needed > 20) ;
    for (how = CUT ; how <= PADDED ; how++) for (cut = 0 ; cut < all ; cut++)
    {
      int const enough = how != CUT && cut >= needed ;
      x = before ;
      errno = 4242 ;
      check(asked(&x) == (enough ? 1 : fault.question == 1 ? -1 : 0)) ;
      check(errno == (enough || fault.question == 2 ? 4242 : ENOSYS)) ;
      check(x.delay == (enough ? delay : 0) && untouched(&x, &before)) ;
    }
  }
  fault.mangle = &longer ;
  for (fault.question = 1 ; fault.question < 3 ; fault.question++)
    for (cut = 4096 ; cut < 100000 ; cut += 5000)
    {
      x = before ;
      check(asked(&x) < 1 && !memcmp(&x, &before, sizeof x)) ;
    }
  faultless() ;
}

static void a_garbled_answer_does_no_harm (void)
{
  socket_candidate x, before ;
  before = x = well_known() ;
  faultless() ;
  check(asked(&x) == 1) ;
  fault.mangle = &flips ;
  for (fault.question = 1 ; fault.question < 3 ; fault.question++)
    for (at = 0 ; at < answered[fault.question] ; at++)
      for (bit = 0 ; bit < 8 ; bit++)
      {
        int r ;
        x = before ;
        errno = 4242 ;
        r = asked(&x) ;
        check(r == -1 ? fault.question == 1 && errno == ENOSYS : errno == 4242 && r <= 1) ;
        check(!x.delay || (r == 1 && x.delay >= 100 && x.delay < 250)) ;
        check(untouched(&x, &before)) ;
        if (at == 4 || at == 5 || (at > 7 && at < 12)) check(r < 1) ;  /* type and sequence number */
      }
  faultless() ;
}

static void an_answer_of_another_is_not_believed (void)
{
  socket_candidate x, before, decoy ;
  unsigned int delay ;
  before = x = well_known() ;
  faultless() ;
  check(asked(&x) == 1) ;
  delay = x.delay ;
  for (unsigned int sender = 0 ; sender < 78 ; sender += 77)
    for (int question = 1 ; question < 3 ; question++)
      for (int n = 1 ; n < 100 ; n += 98)
      {
        fresh(&decoy, 0) ;
        contact(&decoy, 0, 0) ;
        faultless() ;
        check(asked(&decoy) == 1 && decoy.delay < delay) ;  /* what the others say */
        x = before ;
        fault.question = question ;
        fault.sender = sender ;
        fault.foreign = n ;
        if (n == 1) check(asked(&x) == 1 && x.delay == delay) ;
        else check(asked(&x) == (question == 1 ? -1 : 0) && !x.delay) ;
        check(untouched(&x, &before)) ;
      }
  faultless() ;
}

static void an_old_kernel_answers_in_milliseconds (void)
{
  socket_candidate x, before ;
  unsigned int delay ;
  before = x = well_known() ;
  faultless() ;
  check(asked(&x) == 1) ;
  delay = x.delay ;
  x = before ;
  fault.mangle = &milliseconds ;
  fault.question = 2 ;
  check(asked(&x) == 1 && x.delay <= delay && x.delay + 1 >= delay && untouched(&x, &before)) ;
  faultless() ;
}

static void no_descriptor_left_gives_EMFILE (void)
{
  socket_candidate x, before ;
  struct rlimit old ;
  before = x = well_known() ;
  test_spare(0, &old) ;
  check(fails(socket_candidate_metrics(&x, 1), EMFILE)) ;
  check(!memcmp(&x, &before, sizeof x)) ;
  check(!setrlimit(RLIMIT_NOFILE, &old)) ;
}

static void serve (int l)
{
  struct linger const last = { .l_onoff = 1, .l_linger = 60 } ;
  char c ;
  alarm(0) ;
  for (;;)
  {
    int s = socket_accept6(l, 0, 0, 0) ;
    while (read(s, &c, 1) > 0) ;
    setsockopt(s, SOL_SOCKET, SO_LINGER, &last, sizeof last) ;  /* close waits for the last packet */
    close(s) ;
    if (write(gone[1], "", 1) != 1) _exit(1) ;
  }
}

int main (void)
{
  pid_t server = -1 ;
  int l ;
  slow_start() ;
  if (!test_cannot && pipe(gone) == -1) test_cannot = "no pipe" ;
  if (!test_cannot)
  {
    tun_in(1) ;
    l = socket_tcp6b() ;
    check(!socket_bind6_reuse(l, ANY6, PORT, 0) && !socket_listen(l, 16)) ;
    tun_in(0) ;
    server = test_fork() ;
    if (!server) serve(l) ;
    close(l) ;
  }
  RUN46(the_delay_is_right_for_the_roundtrip_time) ;
  RUN(a_mapped_address_is_known_as_IPv4) ;
  RUN46(a_connection_that_is_reset_leaves_nothing) ;
  RUN46(saving_switched_off_leaves_nothing) ;
  RUN46(another_namespace_knows_nothing) ;
  RUN46(no_rights_are_needed) ;
  RUN(without_the_family_it_fails) ;
  RUN(a_missing_answer_is_not_waited_for) ;
  RUN(a_short_answer_changes_nothing) ;
  RUN(a_garbled_answer_does_no_harm) ;
  RUN(an_answer_of_another_is_not_believed) ;
  RUN(an_old_kernel_answers_in_milliseconds) ;
  RUN(no_descriptor_left_gives_EMFILE) ;
  if (server > 0)
  {
    kill(server, SIGKILL) ;
    waitpid(server, 0, 0) ;
    close(gone[0]) ;
    close(gone[1]) ;
  }
  slow_end() ;
  return test_end() ;
}

#endif
