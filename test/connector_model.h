/* ISC license. */

/*
   The connector's rules written a second time, from their text, plainly and slowly. Nothing of the
   library is in here. Times are nanoseconds of a clock that starts at 0. The model is stepped before
   the library: it says which calls the library has to make, in which order, and what each of them
   answers, and then what must be seen in the structures.

   The rules, in short; the numbers are those of the comments here and in connector_scenarios.tsv:
    1. first everything that has come is taken in; any success wins, the lowest index in a tie; then failures,
       then the deadline, then one start, and the next ones while starts fail at once
    2. the next start is a delay after the last, or at once when the newest attempt fails; an older one's failure changes nothing
    3. never within 10 ms of the last that left the host while that is unanswered: once it has failed the next starts in the same step;
       one that fails inside the call takes no time and no slot
    4. delay * 2^(backoff * (k - 1)), k in flight, at least 10 ms, at most 2 s or delay
    5. the other family than the last started, else the first untried; inorder: the first untried
    6. an attempt is not given up before there is a winner, a stop or the deadline
    7. no descriptor or memory: put off for a delay if others are in flight, else the end
    8. one deadline; even a passed one leaves the first attempt to be made and looked at once
    9. all failed: the peer's word before the path's, before this host's, before no route, before what it says to the whole family;
       no candidates: EDESTADDRREQ
   10. fast open's data rides on the first attempt that leaves the host, or everywhere
   11. nothing but the primitives that are replaced here; the names of a socket, and its error queue, by calls that may fail
   12. expecting: running out is no failure; after the end each step repeats its answer
   13. it ends, and every descriptor has one owner; setup and ready may stop it
   14. a connection of a socket to itself is refused; asked once, when it comes up
   15. a hedge is passed over once a candidate before it with its address has an error
   16. ready decides over an attempt that has come up, in that step and in each later one

   Where the rules leave a choice, it is taken so:
   - rule 7's retry: k of rule 4 counts the attempts in flight, without the one that was put off
   - a put-off try takes the place of "the newest has failed", for late candidates too
   - the candidate whose EMFILE ends the race has failed inside the call: error, start and end are set
   - losers at a win and those in flight at the deadline get their end from that step
   - stop after any end changes nothing, so the errno of a lost race stays
   - expecting is cleared and nothing is left: that is the end even at a passed deadline, and nextdeadline is in the past until then
   - those that fail inside the call at a passed deadline, and nothing else untried: the end in the same step, expecting or not
   - one that is connected in the call and then fails by rule 14 or 16 has left the host: the next one starts at once, in a step of its own
   - stopped in setup: that candidate has failed inside the call with ECANCELED
*/

#ifndef CONNECTOR_MODEL_H
#define CONNECTOR_MODEL_H

#include <string.h>
#include <sys/types.h>

#include <skalibs/iopause.h>

#include "race.h"

#define MODEL_MAX 320
#define MODEL_TRIES 4

enum where { IN_CREATE, IN_SETUP, IN_CALL, LATER } ;

#define STOPS (-1)          /* in place of an errno: setup, or ready, stops the race */

/* What the world does to one try of a candidate. */

struct plan
{
  enum where where ;
  int error ;               /* 0: it connects */
  int64_t after ;           /* LATER: so long after the start */
  ssize_t took ;            /* LATER, by fast open: the bytes taken, or -1 EINPROGRESS */
  int self ;                /* connected, to itself */
  int64_t ready ;           /* so long after it came up, ready gives an answer, */
  int verdict ;             /* which is 0: it will do, or an errno */
} ;

enum state { UNTRIED, FLYING, FAILED, WON } ;
enum rank { PEER, PATH, LOCAL, NOROUTE, NOFAMILY, NORANK } ;

struct model_candidate
{
  int is6, hedge ;
  unsigned int address ;    /* those of one family with the same number are the same */
  unsigned int delay ;
  struct plan plan[MODEL_TRIES] ;    /* the last one repeats itself */
  unsigned int plans ;

  unsigned int tries ;
  enum state state ;
  int error ;
  enum rank rank ;
  size_t sent ;
  int64_t start, end, due ;
  int left ;                /* the host */
  int ended ;               /* end is set */
  int outcome ;             /* at due */
  int self ;
  int up ;                  /* it came up, and is not its own */
  int64_t ready ;           /* when ready gives an answer, */
  int verdict ;             /* and which */
  unsigned int events ;
  int say ;                 /* what socket_connected says in this step: 0 connected, or the errno */
  int judge ;               /* what ready says: 0 it will do, or the errno, or STOPS */
  unsigned int asks ;       /* how often socket_connected has to be asked yet in this step, */
  unsigned int names ;      /* its names, */
  unsigned int readies ;    /* and ready */
  int fd ;                  /* the harness's */
} ;

enum what { CREATE, SETUP, CONNECT } ;

struct model_call
{
  enum what what ;
  unsigned int i ;
  int fast ;
  int error ;               /* 0: success */
  ssize_t result ;
} ;

struct model
{
  /* as the caller's */
  unsigned int n ;
  unsigned int delay ;
  int backoff ;
  int data, setup, ready, inorder, everywhere, expecting ;
  size_t len ;
  int64_t deadline ;
  int looksagain ;          /* rule 8's look is made in the step of the start (both are good) */

  struct model_candidate c[MODEL_MAX] ;
  int stepped ;
  int left ;                /* an attempt has left the host, */
  int looked ;              /* and was looked at once */
  int last ;                /* started last, or -1 */
  int newest ;              /* left the host last */
  int64_t laststart, nextstart ;
  int over, answer, error ;
  unsigned int winner ;

  struct model_call call[MODEL_MAX * 3 + 8] ;
  unsigned int calls ;
} ;

static inline void model_reset (struct model *m)
{
  m->stepped = m->left = m->looked = m->over = m->answer = m->error = 0 ;
  m->last = m->newest = -1 ;
  m->laststart = m->nextstart = PAST ;
  m->winner = NONE ;
  m->calls = 0 ;
  for (unsigned int i = 0 ; i < MODEL_MAX ; i++)
  {
    struct model_candidate *c = m->c + i ;
    c->tries = c->asks = c->names = c->readies = 0 ;
    c->state = UNTRIED ;
    c->error = c->left = c->ended = c->outcome = c->say = c->self = c->up = c->verdict = c->judge = 0 ;
    c->events = 0 ;
    c->ready = PAST ;
    c->rank = NORANK ;
    c->sent = 0 ;
    c->start = c->end = c->due = PAST ;
    c->fd = -1 ;
  }
}

static inline unsigned int model_count (struct model const *m, enum state state)
{
  unsigned int n = 0 ;
  for (unsigned int i = 0 ; i < m->n ; i++) n += m->c[i].state == state ;
  return n ;
}

static inline enum rank model_rank (int e, int inside, int is6)
{
  if (e == ECONNREFUSED || e == ECONNRESET) return PEER ;
  if (!inside) return e == EPIPE ? PEER : PATH ;
  if (e == EAFNOSUPPORT || (is6 && (e == EADDRNOTAVAIL || e == EINVAL))) return NOFAMILY ;
  if (e == ENETUNREACH || e == EHOSTUNREACH) return NOROUTE ;
  return LOCAL ;
}

/* Rule 15 */

static inline int model_passed (struct model const *m, unsigned int i)
{
  struct model_candidate const *c = m->c + i ;
  if (c->state != UNTRIED || !c->hedge) return 0 ;
  for (unsigned int j = 0 ; j < i ; j++) if (m->c[j].error && m->c[j].is6 == c->is6 && m->c[j].address == c->address) return 1 ;
  return 0 ;
}

static inline unsigned int model_untried (struct model const *m)
{
  unsigned int n = 0 ;
  for (unsigned int i = 0 ; i < m->n ; i++) n += m->c[i].state == UNTRIED && !model_passed(m, i) ;
  return n ;
}

/* Rule 4: the delay in ms that c brings with k attempts in flight. */

static inline int64_t model_delay (struct model const *m, struct model_candidate const *c, unsigned int k)
{
  int64_t base = c->delay ? c->delay : m->delay ;
  int64_t d, cap ;
  if (base < 10) base = 10 ;
  d = base ;
  cap = base > 2000 ? base : 2000 ;
  while (k-- > 1)
  {
    if (m->backoff < 0) d /= 2 ;
    if (m->backoff > 0) d *= 2 ;
    if (d > cap) d = cap ;
    if (d < 10) d = 10 ;
  }
  return d ;
}

static inline void model_finish (struct model *m, int answer, int error)
{
  m->over = 1 ;
  m->answer = answer ;
  m->error = error ;
}

/* All in flight end with e; stop knows no time. */

static inline void model_closeall (struct model *m, int e, int64_t now)
{
  for (unsigned int i = 0 ; i < m->n ; i++) if (m->c[i].state == FLYING)
  {
    m->c[i].state = FAILED ;
    m->c[i].error = e ;
    m->c[i].ended = now != PAST ;
    m->c[i].end = now ;
  }
}

static inline void model_fail (struct model *m, unsigned int i, int e, int inside, int64_t now)
{
  struct model_candidate *c = m->c + i ;
  c->state = FAILED ;
  c->error = e ;
  c->rank = model_rank(e, inside, c->is6) ;
  c->end = now ;
  c->ended = 1 ;
}

static inline void model_win (struct model *m, unsigned int i, int64_t now)
{
  m->c[i].state = WON ;
  m->c[i].end = now ;
  m->c[i].ended = 1 ;
  m->winner = i ;
  model_closeall(m, ECANCELED, now) ;
  model_finish(m, 1, 0) ;
}

/* Rules 14 and 16: it is connected. What is to be asked, and what comes of it: 0 it will do, or the errno. */

static inline int model_judge (struct model *m, struct model_candidate *c, int64_t now)
{
  if (!c->up)
  {
    c->names = 1 ;
    if (c->self) return ECONNREFUSED ;
    c->up = 1 ;
    c->events = IOPAUSE_READ ;
    if (c->ready != FOREVER) c->ready += now ;
  }
  if (!m->ready) return 0 ;
  c->readies = 1 ;
  c->judge = now < c->ready ? EINPROGRESS : c->verdict ;
  return c->judge ;
}

/* Each of those in flight is asked, everything that has come is taken in. */

static inline void model_look (struct model *m, int64_t now)
{
  unsigned int winner = NONE ;
  int newestfailed = 0 ;
  if (m->left) m->looked = 1 ;
  for (unsigned int i = 0 ; i < m->n ; i++)
  {
    struct model_candidate *c = m->c + i ;
    int e ;
    if (c->state != FLYING) continue ;
    if (!c->up)
    {
      c->asks++ ;
      c->say = now < c->due ? EINPROGRESS : c->outcome ;
    }
    e = c->up || !c->say ? model_judge(m, c, now) : c->say ;
    if (e == EINPROGRESS || e == STOPS) continue ;
    if (!e) { if (winner == NONE) winner = i ; continue ; }
    model_fail(m, i, e, 0, now) ;
    if ((int)i == m->newest) newestfailed = 1 ;
  }
  if (winner != NONE) { model_win(m, winner, now) ; return ; }
  if (newestfailed) m->nextstart = now ;
}

/* Rule 9 */

static inline int model_best (struct model const *m)
{
  enum rank best = NORANK ;
  int e = EDESTADDRREQ ;
  for (unsigned int i = 0 ; i < m->n ; i++)
    if (m->c[i].state == FAILED && m->c[i].rank < best) { best = m->c[i].rank ; e = m->c[i].error ; }
  return e ;
}

/* Rule 5 */

static inline unsigned int model_pick (struct model const *m)
{
  unsigned int i ;
  if (m->last >= 0 && !m->inorder)
    for (i = 0 ; i < m->n ; i++)
      if (m->c[i].state == UNTRIED && !model_passed(m, i) && m->c[i].is6 != m->c[m->last].is6) return i ;
  for (i = 0 ; i < m->n ; i++) if (m->c[i].state == UNTRIED && !model_passed(m, i)) return i ;
  return NONE ;
}

static inline void model_expect (struct model *m, enum what what, unsigned int i, int fast, int error, ssize_t result)
{
  struct model_call call = { .what = what, .i = i, .fast = fast, .error = error, .result = result } ;
  m->call[m->calls++] = call ;
}

/* 1: one has left the host, or the race is over, or rule 7 puts it off; 0: it failed inside the call. */

static inline int model_try (struct model *m, unsigned int i, int64_t now)
{
  struct model_candidate *c = m->c + i ;
  struct plan p = c->plan[c->tries < c->plans ? c->tries : c->plans - 1] ;
  int fast = m->data && (m->everywhere || !m->left) ;
  unsigned int flying = model_count(m, FLYING) ;
  c->tries++ ;
  if (p.where == IN_SETUP && !m->setup) p.where = IN_CALL ;
  if (p.where == IN_CALL && !p.error && fast) { p.where = LATER ; p.after = 0 ; p.took = (ssize_t)m->len ; }
  if (p.where == LATER && (!fast || p.took < -1)) p.took = -1 ;
  if (p.where == LATER && p.took > (ssize_t)m->len) p.took = (ssize_t)m->len ;

  model_expect(m, CREATE, i, 0, p.where == IN_CREATE ? p.error : 0, 0) ;
  if (p.where != IN_CREATE && m->setup) model_expect(m, SETUP, i, 0, p.where == IN_SETUP ? p.error : 0, 0) ;
  if (p.where == IN_CALL) model_expect(m, CONNECT, i, fast, p.error, 0) ;
  if (p.where == LATER) model_expect(m, CONNECT, i, fast, p.took == -1 ? EINPROGRESS : 0, p.took) ;

  if (p.where == IN_SETUP && p.error == STOPS)
  {
    c->start = now ;
    model_fail(m, i, ECANCELED, 1, now) ;
    model_closeall(m, ECANCELED, PAST) ;
    model_finish(m, -1, ECANCELED) ;
    return 1 ;
  }
  if (p.where != LATER && p.error && is_scarce(p.error))
  {
    if (flying) m->nextstart = now + model_delay(m, c, flying) * MS ;
    else
    {
      c->start = now ;
      model_fail(m, i, p.error, 1, now) ;
      model_finish(m, -1, p.error) ;
    }
    return 1 ;
  }
  m->last = (int)i ;
  c->start = now ;
  if (p.where != LATER && p.error)
  {
    model_fail(m, i, p.error, 1, now) ;
    return 0 ;
  }
  c->left = 1 ;
  m->left = 1 ;
  m->newest = (int)i ;
  m->laststart = now ;
  c->state = FLYING ;
  c->events = IOPAUSE_WRITE ;
  c->due = p.after == FOREVER ? FOREVER : now + p.after ;
  c->outcome = p.error ;
  c->self = p.self ;
  c->ready = p.ready ;
  c->verdict = p.verdict ;
  m->nextstart = now + model_delay(m, c, flying + 1) * MS ;
  if (p.where == IN_CALL)
  {
    int e = model_judge(m, c, now) ;
    if (!e) model_win(m, i, now) ;
    else if (e != EINPROGRESS && e != STOPS)
    {
      model_fail(m, i, e, 0, now) ;
      m->nextstart = now ;
    }
  }
  else if (p.took > 0) c->sent = (size_t)p.took ;
  return 1 ;
}

static inline void model_step (struct model *m, int64_t now)
{
  int started = 0 ;
  m->calls = 0 ;
  if (m->over) return ;
  m->stepped = 1 ;
  model_look(m, now) ;
  while (!m->over)
  {
    unsigned int untried = model_untried(m) ;
    if (!untried && !model_count(m, FLYING) && !m->expecting) { model_finish(m, -1, model_best(m)) ; return ; }
    if (now >= m->deadline && (m->left ? m->looked : !untried))
    {
      model_closeall(m, ETIMEDOUT, now) ;
      model_finish(m, -1, ETIMEDOUT) ;
      return ;
    }
    if (started || !untried || (m->left && now < m->nextstart)) return ;
    started = model_try(m, model_pick(m), now) ;
    if (started && !m->over && m->looksagain && !m->looked && now >= m->deadline) model_look(m, now) ;
  }
}

/* ready has stopped it. If others were still to be asked, was has the candidates before the step, and said the errno of each that has failed in it. */

static inline void model_stopped (struct model *m, struct model_candidate const *was, int const *said, int64_t now)
{
  for (unsigned int i = 0 ; was && i < m->n ; i++)
  {
    m->c[i] = was[i] ;
    if (said[i]) model_fail(m, i, said[i], 0, now) ;
  }
  model_closeall(m, ECANCELED, PAST) ;
  model_finish(m, -1, ECANCELED) ;
}

/* A race that has ended already keeps its answer. */

static inline void model_stop (struct model *m)
{
  m->calls = 0 ;
  model_closeall(m, ECANCELED, PAST) ;
  if (!m->over) model_finish(m, -1, ECANCELED) ;
}

/* When to step at the latest. PAST: any time not after now. all: those that are to be passed over are there yet. */

static inline int64_t model_next (struct model const *m, int64_t now, int all)
{
  int64_t t ;
  if (all ? model_count(m, UNTRIED) : model_untried(m)) t = m->left ? m->nextstart : PAST ;
  else if (model_count(m, FLYING) || m->expecting) t = m->deadline ;
  else t = PAST ;
  if (now >= m->deadline && !m->looked && m->left) t = PAST ;
  if (t > m->deadline) t = m->deadline ;
  return t <= now ? PAST : t ;
}

#endif
