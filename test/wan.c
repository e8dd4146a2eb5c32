/* ISC license. */

/*
   A wide-area network in a process: runs a command in a namespace where the addresses of a table are
   as far away, as silent, as hostile as the table says. The kernel's own TCP is at both ends.

   usage: wan [-l log] table command...

   table: one address a line, its round-trip time in ms, and how it behaves; # begins a comment; those of IPv6 count where there is IPv6

     ok             answers, as do all that are none of the next five
     refused        nobody listens
     silent         takes packets and says nothing
     unreachable    a router says so, after that time
     prohibited     a router says this
     noroute        the client's kernel knows no way
     lose=n         the first n SYNs are lost
     eat            SYNs with data are lost
     strip          the fast open option is taken out of SYNs
     duplicate=ms   each SYN arrives once more, so much later
     reset          the server accepts, and resets the connection
     close          the server accepts, and closes the connection
     greet          the server speaks first: "welcome"
     late=ms        what the server sends arrives so much later

   Each address that answers listens on port 80, with fast open, and echoes. What is not TCP is lost. Port 7 echoes at each
   address that has a route, after its round-trip time, however it behaves elsewhere: so a client may know an address well.

   log, port 7 left out: ms since the start, event, the server's address and port, bytes of data, and cookie: none, asked,
   present. Events are syn (from the client), rst (to the client), abort (a RST from the client), and accept. The last line is
   ms since the start, late, how late packets were delivered in ms: the median, the maximum; and how many.

   The exit code is the command's, 128 + n if signal n ended it; 100 usage, 111 trouble, 99 if this machine does not
   allow namespaces and TUN devices. When wan ends, in whatever way, all that ran in it ends too.
*/

#include "tun.h"

#include <netinet/tcp.h>

#define PORT 80
#define ECHO 7
#define ADDRESSES 1024
#define CONNECTIONS 4096
#define MS 1000000LL

enum { REFUSED = 1, SILENT = 2, UNREACHABLE = 4, PROHIBITED = 8, NOROUTE = 16, EAT = 32, STRIP = 64, RESET = 128, CLOSE = 256, GREET = 512 } ;
#define UNSERVED (REFUSED | SILENT | UNREACHABLE | PROHIBITED | NOROUTE)

static struct { char const *name ; int flag ; } const words[] =
{
  { "ok", 0 }, { "refused", REFUSED }, { "silent", SILENT }, { "unreachable", UNREACHABLE }, { "prohibited", PROHIBITED },
  { "noroute", NOROUTE }, { "eat", EAT }, { "strip", STRIP }, { "reset", RESET },
  { "close", CLOSE }, { "greet", GREET }
} ;

static struct address
{
  char name[INET6_ADDRSTRLEN] ;
  unsigned char ip[16] ;
  int six ;
  int flags ;
  long long rtt ;        /* ns */
  long long duplicate ;  /* ns */
  long long late ;       /* ns */
  int lose ;
} address[ADDRESSES] ;

static struct address everywhere = { .name = "::", .six = 1 } ;  /* on port 7 */

static unsigned int addresses ;
static long long start ;
static int logfd = -1 ;

static void die (int code, char const *what, char const *why)
{
  fprintf(stderr, "wan: %s%s%s\n", what, why ? ": " : "", why ? why : "") ;
  _exit(code) ;
}

static void note (char const *event, struct address const *a, int port, size_t bytes, char const *cookie)
{
  if (logfd >= 0) dprintf(logfd, "%.3f %s %s %d %zu %s\n", (double)(tun_now() - start) / 1e6, event, a->name, port, bytes, cookie) ;
}

static struct address *find (unsigned char const *ip, int six)
{
  for (unsigned int i = 0 ; i < addresses ; i++)
    if (address[i].six == six && !memcmp(address[i].ip, ip, six ? 16 : 4)) return address + i ;
  return 0 ;
}


 /* The table */

static int number (char const *s, int *n)
{
  char *end ;
  long x = strtol(s, &end, 10) ;
  *n = (int)x ;
  return *s && !*end && x >= 0 && x <= 3600000 ;
}

static int behaviour (struct address *a, char const *s)
{
  int ms ;
  if (!strncmp(s, "lose=", 5)) return number(s + 5, &a->lose) ;
  if (!strncmp(s, "late=", 5)) return number(s + 5, &ms) && (a->late = ms * MS, 1) ;
  if (!strncmp(s, "duplicate=", 10)) return number(s + 10, &ms) && (a->duplicate = ms * MS, 1) ;
  for (size_t i = 0 ; i < sizeof words / sizeof *words ; i++)
    if (!strcmp(s, words[i].name)) return (a->flags |= words[i].flag, 1) ;
  return 0 ;
}

static int line (char *s)
{
  struct address *a = address + addresses ;
  char *word ;
  int ms ;
  s[strcspn(s, "#\n")] = 0 ;
  word = strtok(s, " \t") ;
  if (!word) return 1 ;
  a->six = !!strchr(word, ':') ;
  if (addresses == ADDRESSES || inet_pton(a->six ? AF_INET6 : AF_INET, word, a->ip) != 1 || find(a->ip, a->six)) return 0 ;
  inet_ntop(a->six ? AF_INET6 : AF_INET, a->ip, a->name, sizeof a->name) ;
  word = strtok(0, " \t") ;
  if (!word || !number(word, &ms)) return 0 ;
  a->rtt = ms * MS ;
  while ((word = strtok(0, " \t"))) if (!behaviour(a, word)) return 0 ;
  if (a->six && !test_ip6()) memset(a, 0, sizeof *a) ;  /* its place is free */
  else addresses++ ;
  return 1 ;
}

static void table (char const *file)
{
  char s[256], where[24] ;
  FILE *f = fopen(file, "r") ;
  if (!f) die(111, file, strerror(errno)) ;
  for (unsigned int n = 1 ; fgets(s, sizeof s, f) ; n++)
    if (!line(s))
    {
      snprintf(where, sizeof where, "wrong in line %u", n) ;
      die(111, file, where) ;
    }
  fclose(f) ;
}

static void routes (FILE *ip, int i)
{
  for (unsigned int k = 0 ; k < addresses ; k++)
  {
    struct address const *a = address + k ;
    if (i) fprintf(ip, "addr add %s dev lo%s\n", a->name, a->six ? " nodad" : "") ;
    else if (!(a->flags & NOROUTE)) fprintf(ip, "route add %s dev " TUN_DEVICE "\n", a->name) ;
  }
}


 /* The server: first its listeners, in the order of the table, then its connections */

static struct pollfd served[ADDRESSES + 1 + CONNECTIONS] ;
static struct address const *listener[ADDRESSES + 1] ;
static unsigned int listeners ;

static void listens (struct address const *a)
{
  struct sockaddr_in sa4 = { .sin_family = AF_INET, .sin_port = htons(a == &everywhere ? ECHO : PORT) } ;
  struct sockaddr_in6 sa6 = { .sin6_family = AF_INET6, .sin6_port = htons(a == &everywhere ? ECHO : PORT) } ;
  int s = socket(a->six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), queue = 1024, off = 0 ;
  memcpy(&sa4.sin_addr, a->ip, 4) ;
  memcpy(&sa6.sin6_addr, a->ip, 16) ;
  if (s == -1 || (a->six && setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == -1)
   || bind(s, a->six ? (void *)&sa6 : (void *)&sa4, a->six ? sizeof sa6 : sizeof sa4) == -1
   || setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof queue) == -1 || listen(s, queue) == -1) die(111, a->name, strerror(errno)) ;
  served[listeners].fd = s ;
  served[listeners].events = POLLIN ;
  listener[listeners++] = a ;
}

/* What is not sent yet stays in the receive buffer. */

static int echo (struct pollfd *x)
{
  char buf[8192] ;
  ssize_t r = recv(x->fd, buf, sizeof buf, MSG_PEEK), w ;
  if (r <= 0) return 0 ;
  w = send(x->fd, buf, (size_t)r, MSG_NOSIGNAL) ;
  if (w == -1 && errno != EAGAIN) return 0 ;
  x->events = w == r ? POLLIN : POLLOUT ;
  return w == -1 || recv(x->fd, buf, (size_t)w, 0) == w ;
}

static void serve (void)
{
  struct linger now = { .l_onoff = 1 } ;
  unsigned int n = listeners ;
  while (poll(served, n, -1) > 0)
  {
    for (unsigned int i = n ; i-- > listeners ; )
      if (served[i].revents && !echo(served + i))
      {
        close(served[i].fd) ;
        served[i] = served[--n] ;
      }
    for (unsigned int i = 0 ; i < listeners ; i++) if (served[i].revents)
    {
      int flags = listener[i]->flags ;
      int s = accept4(served[i].fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC) ;
      if (s == -1 && (errno == EAGAIN || errno == ECONNABORTED)) continue ;
      if (s == -1) die(111, "accept", strerror(errno)) ;
      if (n == ADDRESSES + 1 + CONNECTIONS) die(111, "too many connections", 0) ;
      if (listener[i] != &everywhere) note("accept", listener[i], PORT, 0, "none") ;
      if (flags & RESET) setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof now) ;
      if (flags & (RESET | CLOSE))
      {
        close(s) ;
        continue ;
      }
      if (flags & GREET) send(s, "welcome\n", 8, MSG_NOSIGNAL) ;
      served[n].fd = s ;
      served[n].events = POLLIN ;
      served[n++].revents = 0 ;
    }
  }
}


 /* The wire: packets in the order in which they are due */

static struct packet
{
  struct packet *next ;
  long long due ;
  int to ;
  size_t len ;
  unsigned char data[TUN_MTU] ;
} *queue ;

static unsigned int late[100001] ;  /* packets by how late they were, in 10 us */
static long long latest ;

static void put (struct packet *p, long long due, int to)
{
  struct packet **q = &queue ;
  p->due = due ;
  p->to = to ;
  while (*q && (*q)->due <= due) q = &(*q)->next ;
  p->next = *q ;
  *q = p ;
}

static void deliver (struct packet *p, long long now)
{
  long long behind = now - p->due ;
  late[behind / 10000 < 100000 ? behind / 10000 : 100000]++ ;
  if (behind > latest) latest = behind ;
  if (write(tun_fd[p->to], p->data, p->len) == -1 && errno != EAGAIN && errno != ENOBUFS) die(111, "write", strerror(errno)) ;
  queue = p->next ;
  free(p) ;
}

static void put16 (unsigned char *p, size_t n)
{
  p[0] = (unsigned char)(n >> 8) ;
  p[1] = (unsigned char)n ;
}

static int get16 (unsigned char const *p)
{
  return p[0] << 8 | p[1] ;
}

static unsigned long add (unsigned long sum, unsigned char const *p, size_t n)
{
  for (size_t i = 0 ; i < n ; i++) sum += i & 1 ? p[i] : (unsigned long)p[i] << 8 ;
  return sum ;
}

/* sets the checksum that is at where, over what is from there on and sum */

static void seal (unsigned long sum, unsigned char *p, size_t n, size_t where)
{
  put16(p + where, 0) ;
  sum = add(sum, p, n) ;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16) ;
  put16(p + where, ~sum & 0xffff) ;
}

/* of TCP and of ICMP for IPv6: both addresses, length, protocol */

static unsigned long pseudo (unsigned char const *ip, size_t n, unsigned int protocol)
{
  return (tun_six(ip) ? add(0, ip + 8, 32) : add(0, ip + 12, 8)) + n + protocol ;
}

static void strip (struct packet *p, struct tun_tcp const *t)
{
  if (!t->option) return ;
  memset(p->data + t->option, 1, p->data[t->option + 1]) ;
  seal(pseudo(p->data, t->tcp + t->data, IPPROTO_TCP), p->data + t->head, t->tcp + t->data, 16) ;
}

/* p becomes what a router answers to it. */

static void icmp (struct packet *p, int prohibited)
{
  unsigned char q[1280] ;
  int six = tun_six(p->data) ;
  size_t head = six ? 40 : 20, most = six ? 1280 : 576, n = 8 + p->len ;
  if (n > most - head) n = most - head ;
  memset(q, 0, head + 8) ;
  memcpy(q + head + 8, p->data, n - 8) ;
  q[head] = six ? 1 : 3 ;
  if (six)
  {
    memcpy(q, "\x60\0\0\0\0\0\x3a\x40", 8) ;
    put16(q + 4, n) ;
    memcpy(q + 8, p->data + 24, 16) ;
    memcpy(q + 24, p->data + 8, 16) ;
    q[head + 1] = prohibited ? 1 : 3 ;
    seal(pseudo(q, n, IPPROTO_ICMPV6), q + head, n, 2) ;
  }
  else
  {
    memcpy(q, "\x45\0\0\0\0\0\0\0\x40\1", 10) ;
    put16(q + 2, head + n) ;
    memcpy(q + 12, p->data + 16, 4) ;
    memcpy(q + 16, p->data + 12, 4) ;
    q[head + 1] = prohibited ? 13 : 1 ;
    seal(0, q, head, 10) ;
    seal(0, q + head, n, 2) ;
  }
  p->len = head + n ;
  memcpy(p->data, q, p->len) ;
}

/* p is from the client to a (to 1) or back (to 0): 0 if it is lost */

static int pass (struct packet *p, struct address *a, int to)
{
  struct tun_tcp t ;
  long long now = tun_now() ;
  int syn, port ;
  if (!tun_tcp(&t, p->data, p->len)) return 0 ;
  port = get16(p->data + t.head + (to ? 2 : 0)) ;
  if (port == ECHO)
  {
    put(p, now + a->rtt / 2, to) ;
    return 1 ;
  }
  syn = to && (t.flags & (TUN_SYN | TUN_ACK)) == TUN_SYN ;
  if (syn) note("syn", a, port, t.data, t.cookie ? "present" : t.option ? "asked" : "none") ;
  if (t.flags & TUN_RST) note(to ? "abort" : "rst", a, port, 0, "none") ;

  if (a->flags & SILENT || (syn && a->flags & EAT && t.data)) return 0 ;
  if (a->flags & (UNREACHABLE | PROHIBITED))
  {
    icmp(p, a->flags & PROHIBITED) ;
    put(p, now + a->rtt, 0) ;
    return 1 ;
  }
  if (syn && a->lose)
  {
    a->lose-- ;
    return 0 ;
  }
  if (t.flags & TUN_SYN && a->flags & STRIP) strip(p, &t) ;
  if (syn && a->duplicate)
  {
    struct packet *twin = malloc(sizeof *twin) ;
    if (!twin) die(111, "malloc", strerror(errno)) ;
    *twin = *p ;
    put(twin, now + a->rtt / 2 + a->duplicate, to) ;
  }
  put(p, now + a->rtt / 2 + (!to && t.data ? a->late : 0), to) ;
  return 1 ;
}

static void take (int from)
{
  struct packet *p = malloc(sizeof *p) ;
  struct address *a = 0 ;
  ssize_t r ;
  if (!p) die(111, "malloc", strerror(errno)) ;
  r = read(tun_fd[from], p->data, sizeof p->data) ;
  if (r >= 20)
  {
    int six = tun_six(p->data) ;
    p->len = (size_t)r ;
    a = find(p->data + (six ? from ? 8 : 24 : from ? 12 : 16), six) ;
  }
  if (!a || !pass(p, a, !from)) free(p) ;
}

static void onchild (int sig)
{
  (void)sig ;
}

/* Carries packets until the command ends: how that ended. */

static int carry (pid_t server, pid_t command)
{
  struct sigaction sa = { .sa_handler = &onchild } ;
  struct pollfd x[2] = { { .fd = tun_fd[0], .events = POLLIN }, { .fd = tun_fd[1], .events = POLLIN } } ;
  struct timespec ts ;
  sigset_t block, open ;
  int status ;
  sigemptyset(&block) ;
  sigaddset(&block, SIGCHLD) ;
  sigprocmask(SIG_BLOCK, &block, &open) ;
  sigaction(SIGCHLD, &sa, 0) ;
  prctl(PR_SET_TIMERSLACK, 1) ;

  for (;;)
  {
    pid_t pid = waitpid(-1, &status, WNOHANG) ;
    long long now = tun_now(), wait ;
    if (pid == command) return status ;
    if (pid == server) die(111, "the server has ended", 0) ;
    for (; queue && queue->due <= now ; now = tun_now()) deliver(queue, now) ;
    wait = queue ? queue->due - now : 0 ;
    ts.tv_sec = (time_t)(wait / 1000000000) ;
    ts.tv_nsec = (long)(wait % 1000000000) ;
    if (ppoll(x, 2, queue ? &ts : 0, &open) <= 0) continue ;
    for (int i = 0 ; i < 2 ; i++) if (x[i].revents) take(i) ;
  }
}

static void lateness (void)
{
  unsigned int n = 0, half = 0, i = 0 ;
  for (unsigned int k = 0 ; k <= 100000 ; k++) n += late[k] ;
  while (i < 100000 && (half += late[i]) * 2 < n) i++ ;
  dprintf(logfd, "%.3f late %.2f %.2f %u\n", (double)(tun_now() - start) / 1e6, i / 1e2, (double)latest / 1e6, n) ;
}

int main (int argc, char **argv)
{
  char const *why ;
  pid_t server, command ;
  int status, c ;
  while ((c = getopt(argc, argv, "+l:")) != -1)
  {
    if (c != 'l') die(100, "usage: wan [-l log] table command...", 0) ;
    logfd = open(optarg, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666) ;
    if (logfd == -1) die(111, optarg, strerror(errno)) ;
  }
  argv += optind ;
  if (argc - optind < 2) die(100, "usage: wan [-l log] table command...", 0) ;
  table(argv[0]) ;
  why = tun_start(&routes) ;
  if (why) die(99, why, 0) ;

  tun_in(1) ;
  for (unsigned int i = 0 ; i < addresses ; i++) if (!(address[i].flags & UNSERVED)) listens(address + i) ;
  everywhere.six = test_ip6() ;
  listens(&everywhere) ;
  start = tun_now() ;

  /* the server is process 1 of what begins here: with it the kernel ends all the others, children's children too */
  if (unshare(CLONE_NEWPID) == -1) die(99, "no process namespace here", 0) ;
  server = tun_fork() ;
  if (server == -1) die(111, "fork", strerror(errno)) ;
  if (!server)
  {
    signal(SIGCHLD, SIG_IGN) ;
    serve() ;
    _exit(111) ;
  }

  tun_in(0) ;
  command = tun_fork() ;
  if (command == -1) die(111, "fork", strerror(errno)) ;
  if (!command)
  {
    execvp(argv[1], argv + 1) ;
    die(111, argv[1], strerror(errno)) ;
  }
  status = carry(server, command) ;
  kill(server, SIGKILL) ;
  waitpid(server, 0, 0) ;
  if (logfd >= 0) lateness() ;
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)) ;  /* no leak checker may fork here any more */
}
