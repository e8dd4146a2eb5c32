/* ISC license. */

#include <skalibs/nonposix.h>

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <skalibs/djbunix.h>
#include <skalibs/iopause.h>
#include <skalibs/tai.h>
#include <skalibs/types.h>

#include "socket_connector.h"
#include "lookup.h"


 /* Starting lookups */

static void resolve (lookup_answer *a, char const *host, int is6, int flags)
{
  struct addrinfo const hints = { .ai_family = is6 ? AF_INET6 : AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = flags } ;
  struct addrinfo *list ;
  memset(a, 0, sizeof *a) ;
  a->error = getaddrinfo(host, "0", &hints, &list) ;
  a->sys = errno ;
  if (a->error) return ;
  a->n = socket_candidate_addrinfo(a->address, LOOKUP_MAX, list) ;
  freeaddrinfo(list) ;
}

static void child (char const *host, int is6, int fd, pid_t parent)
{
  lookup_answer a ;
#ifdef PR_SET_PDEATHSIG
  prctl(PR_SET_PDEATHSIG, SIGKILL) ;
#endif
  if (getppid() != parent) _exit(111) ;
  resolve(&a, host, is6, 0) ;
  _exit(write(fd, &a, sizeof a) == sizeof a ? 0 : 111) ;
}

/* The child has all signals blocked, so that no handler of this program runs in it. */

static pid_t fork_blocked (void)
{
  sigset_t all, old ;
  pid_t pid ;
  sigfillset(&all) ;
  sigprocmask(SIG_SETMASK, &all, &old) ;
  pid = fork() ;
  if (pid) sigprocmask(SIG_SETMASK, &old, 0) ;
  return pid ;
}

static int ask (lookup_family *f, char const *host, int is6)
{
  pid_t parent = getpid() ;
  int p[2] ;
  if (pipenbcoe(p) == -1) return -1 ;
  f->pid = fork_blocked() ;
  if (!f->pid) child(host, is6, p[1], parent) ;
  fd_close(p[1]) ;
  f->fd = p[0] ;
  if (f->pid > 0) return 0 ;
  fd_close(p[0]) ;
  return -1 ;
}

void lookup_start (lookup *l, char const *host, uint16_t port, int family, tain const *stamp)
{
  int some = 0 ;
  l->host = host ;
  l->port = port ;
  for (int is6 = 1 ; is6 >= 0 ; is6--)
  {
    lookup_family *f = l->family + is6 ;
    f->state = family == (is6 ? AF_INET : AF_INET6) ? LOOKUP_NONE : LOOKUP_ANSWERED ;
    f->start = f->end = *stamp ;
    f->len = 0 ;
    f->answer.n = 0 ;
    if (f->state == LOOKUP_NONE) continue ;
    resolve(&f->answer, host, is6, AI_NUMERICHOST) ;
    if (f->answer.n) some = 1 ;
  }
  l->literal = some || !host || strchr(host, ':') ;  /* no name has a colon */
  for (int is6 = 1 ; is6 >= 0 && !l->literal ; is6--)
  {
    lookup_family *f = l->family + is6 ;
    if (f->state == LOOKUP_NONE) continue ;
    f->answer.error = EAI_SYSTEM ;
    if (ask(f, host, is6) == 0) f->state = LOOKUP_ASKED ;
    else f->answer.sys = errno ;
  }
}


 /* Reading answers */

/* It has answered, or its answer is no longer wanted. */

static void end_child (lookup_family *f)
{
  int wstat ;
  fd_close(f->fd) ;
  if (waitpid_nointr(f->pid, &wstat, WNOHANG)) return ;  /* a process of that number may be a stranger now */
  kill(f->pid, SIGKILL) ;
  waitpid_nointr(f->pid, &wstat, 0) ;
}

static void hear (lookup_family *f, tain const *stamp)
{
  ssize_t r ;
  do r = read(f->fd, (char *)&f->answer + f->len, sizeof f->answer - f->len) ;
  while (r == -1 && errno == EINTR) ;
  if (r == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) return ;
  if (r > 0) f->len += (size_t)r ;
  if (r > 0 && f->len < sizeof f->answer) return ;
  end_child(f) ;
  f->state = LOOKUP_ANSWERED ;
  f->end = *stamp ;
  if (r > 0 && f->answer.n <= LOOKUP_MAX) return ;
  f->answer.n = 0 ;
  f->answer.error = EAI_FAIL ;  /* the child died, or its answer is invalid */
}

static void take (lookup_family *f, uint16_t port, socket_connector *c, unsigned int max)
{
  for (unsigned int i = 0 ; i < f->answer.n && c->n < max ; i++)
  {
    socket_candidate const *x = f->answer.address + i ;
    int mapped = x->is6 && !memcmp(x->ip, "\0\0\0\0\0\0\0\0\0\0\377\377", 12) ;
    if (x->is6 && !mapped) socket_candidate_ip6(c->candidate + c->n++, x->ip, port, x->scope_id) ;
    else socket_candidate_ip4(c->candidate + c->n++, x->ip + (mapped ? 12 : 0), port) ;
  }
  f->state = LOOKUP_TAKEN ;
}

/* the time until which IPv4 addresses wait for IPv6 ones */

static void patience (lookup const *l, tain *t)
{
  tain const ms = { .nano = LOOKUP_PATIENCE * 1000000 } ;
  tain_add(t, &l->family[0].end, &ms) ;
}

static void take_answers (lookup *l, socket_connector *c, unsigned int max, tain const *stamp)
{
  lookup_family *ip4 = l->family, *ip6 = l->family + 1 ;
  tain t ;
  if (ip6->state == LOOKUP_ASKED) hear(ip6, stamp) ;
  if (ip4->state == LOOKUP_ASKED) hear(ip4, stamp) ;
  if (ip6->state == LOOKUP_ANSWERED) take(ip6, l->port, c, max) ;
  if (ip4->state != LOOKUP_ANSWERED) return ;
  patience(l, &t) ;
  if (ip6->state != LOOKUP_ASKED || !tain_less(stamp, &t)) take(ip4, l->port, c, max) ;
}


 /* The race */

static void step_all (lookup *l, unsigned int lookups, socket_connector *c, unsigned int max, int learn, tain const *stamp)
{
  unsigned int n = c->n ;
  c->expecting = 0 ;
  for (unsigned int i = 0 ; i < lookups ; i++)
  {
    take_answers(l + i, c, max, stamp) ;
    for (int is6 = 0 ; is6 < 2 ; is6++)
      if (l[i].family[is6].state == LOOKUP_ASKED) c->expecting = 1 ;
  }
  if (c->n == n) return ;
  if (learn) socket_candidate_metrics(c->candidate + n, c->n - n) ;
  c->n = n + socket_candidate_hedge(c->candidate + n, c->n - n, max - n) ;
}

static int pause_all (lookup const *l, unsigned int lookups, socket_connector const *c, tain *stamp)
{
  iopause_fd x[c->inflight + 2 * lookups + 1] ;
  unsigned int n = socket_connector_prepare(c, x) ;
  tain deadline, t ;
  socket_connector_nextdeadline(c, &deadline) ;
  for (unsigned int i = 0 ; i < lookups ; i++)
  {
    for (int is6 = 0 ; is6 < 2 ; is6++) if (l[i].family[is6].state == LOOKUP_ASKED)
    {
      x[n].fd = l[i].family[is6].fd ;
      x[n++].events = IOPAUSE_READ ;
    }
    if (l[i].family[0].state != LOOKUP_ANSWERED) continue ;
    patience(l + i, &t) ;
    if (tain_less(&t, &deadline)) deadline = t ;
  }
  return iopause_stamp(x, n, &deadline, stamp) ;
}

int lookup_race (lookup *l, unsigned int lookups, socket_connector *c, unsigned int max, int learn, tain *stamp)
{
  int r = 0, e ;
  while (!r)
  {
    step_all(l, lookups, c, max, learn, stamp) ;
    r = socket_connector_step(c, stamp) ;
    if (!r && pause_all(l, lookups, c, stamp) == -1) r = -1 ;
  }
  e = errno ;
  for (unsigned int i = 0 ; i < c->n ; i++) if (c->candidate[i].fd >= 0) c->candidate[i].end = *stamp ;  /* the wait failed */
  socket_connector_stop(c) ;
  for (unsigned int i = 0 ; i < lookups ; i++) lookup_stop(l + i) ;
  errno = e ;
  return r ;
}

void lookup_stop (lookup *l)
{
  for (int is6 = 0 ; is6 < 2 ; is6++)
  {
    lookup_family *f = l->family + is6 ;
    if (f->state != LOOKUP_ASKED) continue ;
    end_child(f) ;
    f->state = LOOKUP_STOPPED ;
    f->answer.n = 0 ;
  }
}


 /* What went wrong */

char const *lookup_family_error (lookup_family const *f)
{
  int e = f->answer.error ;
  if (f->state == LOOKUP_STOPPED) return "no answer" ;
  return !e ? "no address" : e == EAI_SYSTEM ? strerror(f->answer.sys) : gai_strerror(e) ;
}

/* no such name; resolver failure; no address of this family */

static int rank (lookup_family const *f)
{
  if (f->state == LOOKUP_NONE) return 3 ;
  if (f->state == LOOKUP_STOPPED) return 1 ;
  switch (f->answer.error)
  {
    case EAI_NONAME : return 0 ;
#ifdef EAI_NODATA
    case EAI_NODATA :
#endif
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY :
#endif
    case 0 : return 2 ;
    default : return 1 ;
  }
}

char const *lookup_error (lookup const *l)
{
  return lookup_family_error(l->family + (rank(l->family + 1) < rank(l->family))) ;
}

int lookup_port (char const *s, uint16_t *port)
{
  struct servent *service ;
  if (uint160_scan(s, port)) return 1 ;
  service = getservbyname(s, "tcp") ;
  if (!service) return 0 ;
  *port = ntohs((uint16_t)service->s_port) ;
  return 1 ;
}
