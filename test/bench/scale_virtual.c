/* ISC license. */

/*
   usage: scale_virtual races...
   So many races in flight in one process, four candidates each, without a kernel: the primitives are replaced here, and time is told.
   The first address is silent, the second answers when all races have asked it. Prints the bytes of a race, and the ns of each part of its life.
*/

#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "socket_connector.h"
#include "../primitives.h"

#define CANDIDATES 4

static int opened, up ;

static int create (int is6)
{
  (void)is6 ;
  return 1000 + opened++ ;
}

static ssize_t connects (int s, struct start const *t)
{
  (void)s ;
  (void)t ;
  return (errno = EINPROGRESS, -1) ;
}

/* the latest sockets are those of the second addresses */

static int connected (int s)
{
  if (up && s >= up) return 1 ;
  return (errno = EINPROGRESS, 0) ;
}

static long hook (int call, long *a)
{
  return call == CALL_close ? 0 : kernel(call, a) ;
}

static double now (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) ;
  return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec ;
}

static void die (char const *what)
{
  fprintf(stderr, "scale_virtual: %s\n", what) ;
  _exit(111) ;
}

static socket_connector *race ;
static socket_candidate (*candidate)[CANDIDATES] ;
static unsigned int races ;

/* what reading the clock takes is not counted */

static double since (double start, double again)
{
  return now() - again - (again - start) ;
}

/* ns for a step of each race, which has to say that */

static double step (tain const *stamp, int answer)
{
  double start = now(), again = now() ;
  for (unsigned int i = 0 ; i < races ; i++) if (socket_connector_step(race + i, stamp) != answer) die("step") ;
  return since(start, again) ;
}

static void measure (unsigned int n)
{
  unsigned int rounds = 200000 / n + 1 ;
  double init = 0, first = 0, idle = 0, second = 0, win = 0, start, again ;
  races = n ;
  race = malloc(n * sizeof *race) ;
  candidate = malloc(n * sizeof *candidate) ;
  if (!race || !candidate) die("malloc") ;
  for (unsigned int k = 0 ; k < rounds ; k++)
  {
    tain stamp = TAIN_EPOCH, quarter = { .sec = TAI_ZERO, .nano = 250000000 } ;
    opened = up = 0 ;
    start = now() ;
    again = now() ;
    for (unsigned int i = 0 ; i < n ; i++)
    {
      for (unsigned int j = 0 ; j < CANDIDATES ; j++) socket_candidate_ip4(candidate[i] + j, "\177\0\0\1", 1) ;
      socket_connector_init(race + i, candidate[i], CANDIDATES, &tain_infinite) ;
    }
    init += since(start, again) ;
    first += step(&stamp, 0) ;
    idle += step(&stamp, 0) ;
    tain_add(&stamp, &stamp, &quarter) ;
    up = 0 ;
    second += step(&stamp, 0) ;
    up = 1000 + (int)n ;
    win += step(&stamp, 1) ;
  }
  printf("%u\t%zu\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\n", n, sizeof *race + sizeof *candidate, init / rounds / n,
    first / rounds / n, idle / rounds / n, second / rounds / n, win / rounds / n) ;
  free(race) ;
  free(candidate) ;
}

int main (int argc, char **argv)
{
  printf("races in flight\tbytes a race\tns to make\tto start\ta step, nothing happens\tto start the second\tto win\n") ;
  for (int i = 1 ; i < argc ; i++) measure((unsigned int)atoi(argv[i])) ;
  return 0 ;
}
