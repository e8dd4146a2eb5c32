/* ISC license. */

/*
   dns file: a name server on port 53 of 127.0.0.1, over UDP. Each line of the file is a name, A or AAAA, ms to wait, and the
   answer: addresses (IP*N is N of them that count up), "cname NAME" and that name's addresses, nodata, nxdomain, servfail, or
   drop. A name that has no line does not exist. Writes a line when it serves, and one to standard error for each query.
*/

#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <arpa/inet.h>

#include "socket.h"

#define LOOPBACK "\177\0\0\1"
#define A 1
#define CNAME 5
#define AAAA 28

static char lines[512][4096] ;
static unsigned int n = 0 ;
static char message[65536] ;
static size_t len ;

static void put16 (unsigned int x)
{
  message[len++] = (char)(x >> 8) ;
  message[len++] = (char)x ;
}

static void put_name (char const *s)
{
  while (*s)
  {
    size_t m = strcspn(s, ".") ;
    message[len++] = (char)m ;
    memcpy(message + len, s, m) ;
    len += m ;
    s += m + (s[m] == '.') ;
  }
  message[len++] = 0 ;
}

static void put_record (char const *name, int type, char const *data, size_t size)
{
  put_name(name) ;
  put16((unsigned int)type) ;
  put16(1) ;
  put16(0) ; put16(60) ;  /* seconds to live */
  put16((unsigned int)size) ;
  memcpy(message + len, data, size) ;
  len += size ;
  message[7]++ ;
}

static void put_addresses (char const *name, int type, char *word)
{
  char ip[16] ;
  char *star = strchr(word, '*') ;
  unsigned int many = 1 ;
  if (star)
  {
    *star = 0 ;
    many = (unsigned int)atoi(star + 1) ;
  }
  if (inet_pton(type == A ? AF_INET : AF_INET6, word, ip) != 1) exit(100) ;
  for (; many ; many--)
  {
    put_record(name, type, ip, type == A ? 4 : 16) ;
    ip[type == A ? 3 : 15]++ ;
  }
}

static void put_cname (char const *name, char const *target)
{
  size_t at, size ;
  put_record(name, CNAME, "", 0) ;
  at = len ;
  put_name(target) ;
  size = len - at ;
  message[at - 2] = (char)(size >> 8) ;
  message[at - 1] = (char)size ;
}

static char *find (char const *name, char const *type)
{
  for (unsigned int i = 0 ; i < n ; i++)
  {
    size_t m = strlen(name), t = strlen(type) ;
    if (strncasecmp(lines[i], name, m) || lines[i][m] != ' ') continue ;
    if (!strncmp(lines[i] + m + 1, type, t) && lines[i][m + 1 + t] == ' ') return lines[i] + m + t + 2 ;
  }
  return 0 ;
}

/* Adds the answer to the question that message has: 0 if none is to be sent. */

static int answer (char *name, int type)
{
  char *word = find(name, type == A ? "A" : "AAAA") ;
  if (!word)
  {
    message[3] |= find(name, type == A ? "AAAA" : "A") ? 0 : 3 ;
    return 1 ;
  }
  word = strtok(word, " ") ;
  poll(0, 0, atoi(word)) ;
  while ((word = strtok(0, " ")))
  {
    if (!strcmp(word, "drop")) return 0 ;
    if (!strcmp(word, "servfail")) message[3] |= 2 ;
    else if (!strcmp(word, "nxdomain")) message[3] |= 3 ;
    else if (!strcmp(word, "cname"))
    {
      char *target = strtok(0, " ") ;
      put_cname(name, target) ;
      return answer(target, type) ;
    }
    else if (strcmp(word, "nodata")) put_addresses(name, type, word) ;
  }
  return 1 ;
}

/* The name of the question, with dots: its type, 0 if this is no question */

static int question (char *name, size_t size)
{
  size_t at = 12, m = 0 ;
  if (size < 17) return 0 ;
  while (message[at])
  {
    size_t label = (unsigned char)message[at++] ;
    if (at + label + 5 > size) return 0 ;
    memcpy(name + m, message + at, label) ;
    m += label ;
    at += label ;
    name[m++] = '.' ;
  }
  name[m ? m - 1 : 0] = 0 ;
  len = at + 5 ;
  return (unsigned char)message[at + 2] ;
}

int main (int argc, char **argv)
{
  FILE *file = argc == 2 ? fopen(argv[1], "r") : 0 ;
  int s = socket_udp4b() ;
  if (!file || s == -1 || socket_bind4(s, LOOPBACK, 53) == -1) return 111 ;
  while (n < sizeof lines / sizeof *lines && fgets(lines[n], sizeof *lines, file)) { lines[n][strcspn(lines[n], "\n")] = 0 ; n++ ; }
  signal(SIGCHLD, SIG_IGN) ;
  puts("ready") ;
  fflush(stdout) ;
  for (;;)
  {
    char name[1024], ip[4] ;
    uint16_t port ;
    ssize_t r = socket_recv4(s, message, sizeof message, ip, &port) ;
    int type = r > 0 ? question(name, (size_t)r) : 0 ;
    if (!type) continue ;
    fprintf(stderr, "%s %s\n", name, type == A ? "A" : type == AAAA ? "AAAA" : "?") ;
    message[2] = (char)0x81 ;
    message[3] = (char)0x80 ;
    memset(message + 6, 0, 6) ;  /* no answer, authority, additional */
    if (!fork()) _exit((type == A || type == AAAA ? answer(name, type) : 1) && socket_send4(s, message, len, ip, port) == -1) ;
  }
}
