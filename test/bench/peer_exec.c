/* ISC license. */

/*
   usage: peer_exec curl|ncat|tcpclient|tcpconnect name port
   A program instead of a library: the time is from its start until it says that it is connected, or that it is not; then it is ended.
*/

#define _GNU_SOURCE

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "peer.h"

static struct
{
  char const *name ;
  char const *said ;        /* before the address of the other end */
  char const *argv[16] ;
} const programs[] =
{
  { "curl", " (", { "curl", "-q", "-s", "-v", "--noproxy", "*", "--connect-timeout", "SECONDS", "-o", "/dev/null", "http://NAME:PORT/", 0 } },
  { "ncat", "Connected to ", { "ncat", "-v", "-z", "-w", "SECONDS", "NAME", "PORT", 0 } },
  { "tcpclient", "", { "tcpclient", "-RHl0", "NAME", "PORT", "printenv", "TCPREMOTEIP", 0 } },
  { "tcpconnect", "", { "examples/tcpconnect", "-T", "SECONDS", "NAME", "PORT", "printenv", "TCPREMOTEIP", 0 } },
  { "tcpconnect", "", { "examples/tcpconnect", "-g", "-T", "SECONDS", "NAME", "PORT", "printenv", "TCPREMOTEIP", 0 } },  /* that greets */
} ;

#define PROGRAMS (sizeof programs / sizeof *programs)

static char const *filled (char const *s, char const *name, char const *port)
{
  static char url[256], seconds[16] ;
  snprintf(url, sizeof url, "http://%s:%s/", name, port) ;
  snprintf(seconds, sizeof seconds, "%d", peer_deadline() / 1000) ;
  return !strcmp(s, "NAME") ? name : !strcmp(s, "PORT") ? port : !strcmp(s, "SECONDS") ? seconds : !strncmp(s, "http:", 5) ? url : s ;
}

/* The address in a line, if it has one */

static int address (char *line, char const *before, char *ip)
{
  char *p = strstr(line, before), x[16] ;
  if (!p || (*before == ' ' && !strstr(line, "Connected to"))) return 0 ;
  p += strlen(before) ;
  for (char *end = p + strcspn(p, ") \n") ; end > p ; end--)  /* without what is after its last colon, perhaps */
  {
    *end = 0 ;
    if (inet_pton(AF_INET, p, x) == 1 || inet_pton(AF_INET6, p, x) == 1) return snprintf(ip, INET6_ADDRSTRLEN, "%s", p) ;
  }
  return 0 ;
}

int main (int argc, char **argv)
{
  char line[512], last[512] = "no word", ip[INET6_ADDRSTRLEN] ;
  unsigned int k = 0 ;
  int p[2] ;
  FILE *f ;
  pid_t pid ;
  if (argc != 4) return 100 ;
  while (k < PROGRAMS && strcmp(programs[k].name, argv[1])) k++ ;
  if (k == PROGRAMS || pipe2(p, O_CLOEXEC) == -1) return 100 ;
  if (!strcmp(argv[1], "tcpconnect") && peer_greeted()) k++ ;
  peer_ready(argv[2]) ;
  pid = fork() ;
  if (!pid)
  {
    char const *args[16] = { 0 } ;
    for (unsigned int i = 0 ; programs[k].argv[i] ; i++) args[i] = filled(programs[k].argv[i], argv[2], argv[3]) ;
    prctl(PR_SET_PDEATHSIG, SIGKILL) ;
    dup2(open("/dev/null", O_RDWR), 0) ;
    dup2(p[1], 1) ;
    dup2(p[1], 2) ;
    execvp(args[0], (char *const *)args) ;
    _exit(127) ;
  }
  close(p[1]) ;
  f = fdopen(p[0], "r") ;
  while (fgets(line, sizeof line, f))
  {
    snprintf(last, sizeof last, "%s", line) ;
    if (!address(line, programs[k].said, ip)) continue ;
    printf("%s %s %.3f\n", argv[2], ip, peer_now() - peer_start) ;
    fflush(stdout) ;
    kill(pid, SIGKILL) ;
    return 0 ;
  }
  last[strcspn(last, "\n")] = 0 ;
  peer_lost(last) ;
}
