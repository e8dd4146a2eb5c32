/* ISC license. */

/* What tests of the connector share: stamps by the ns of a clock that starts at 0, and the errnos of a shortage. */

#ifndef RACE_H
#define RACE_H

#include <errno.h>
#include <stdint.h>
#include <skalibs/tai.h>

#define MS INT64_C(1000000)
#define FOREVER INT64_MAX
#define PAST INT64_MIN
#define NONE (~0U)

#define RACE_ZERO (UINT64_C(4611686018427387904) + 1000000000)  /* the clock's 0 as a TAI label */

static inline tain stamp_of (int64_t t)
{
  tain a = tain_infinite ;
  if (t != FOREVER)
  {
    int64_t sec = t / 1000000000, nano = t % 1000000000 ;
    if (nano < 0) { sec-- ; nano += 1000000000 ; }
    a.sec.x = RACE_ZERO + (uint64_t)sec ;
    a.nano = (uint32_t)nano ;
  }
  return a ;
}

/* PAST: a stamp that no one has set. */

static inline int64_t time_of (tain const *a)
{
  if (!tain_less(a, &tain_infinite)) return FOREVER ;
  if (a->sec.x < RACE_ZERO - 10000000) return PAST ;
  return (int64_t)(a->sec.x - RACE_ZERO) * 1000000000 + a->nano ;
}

static inline int is_scarce (int e)
{
  return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM ;
}

#endif
