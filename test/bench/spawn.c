/* ISC license. */

/*
   usage: spawn n prog...
   Runs prog n times and prints the median of the microseconds from its fork to its end.
*/

#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

static double now (void)
{
  struct timespec ts ;
  clock_gettime(CLOCK_MONOTONIC, &ts) ;
  return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3 ;
}

static int less (void const *a, void const *b)
{
  double x = *(double const *)a, y = *(double const *)b ;
  return (x > y) - (x < y) ;
}

int main (int argc, char **argv)
{
  int n = argc > 2 ? atoi(argv[1]) : 0 ;
  double *took = n > 0 ? malloc((size_t)n * sizeof *took) : 0 ;
  if (!took) return 100 ;
  for (int i = 0 ; i < n ; i++)
  {
    double start = now() ;
    pid_t pid = fork() ;
    int status ;
    if (!pid)
    {
      execvp(argv[2], argv + 2) ;
      _exit(111) ;
    }
    if (pid == -1 || waitpid(pid, &status, 0) != pid || status) return 111 ;
    took[i] = now() - start ;
  }
  qsort(took, (size_t)n, sizeof *took, less) ;
  printf("%.0f\n", took[n / 2]) ;
  return 0 ;
}
