/* ISC license. */

/* onpty program ...: runs it with a terminal as standard output, copies what it writes, and exits as it did. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>
#include <sys/wait.h>

int main (int argc, char **argv)
{
  char buf[4096] ;
  struct termios t ;
  ssize_t r ;
  pid_t pid ;
  int status, terminal ;
  int pty = posix_openpt(O_RDWR | O_NOCTTY) ;
  if (argc < 2) return 100 ;
  if (pty == -1 || grantpt(pty) == -1 || unlockpt(pty) == -1) return 111 ;
  terminal = open(ptsname(pty), O_RDWR | O_NOCTTY) ;
  if (terminal == -1 || tcgetattr(terminal, &t) == -1) return 111 ;
  t.c_oflag &= ~(tcflag_t)OPOST ;  /* \n as it is */
  if (tcsetattr(terminal, TCSANOW, &t) == -1) return 111 ;
  pid = fork() ;
  if (pid == -1) return 111 ;
  if (!pid)
  {
    dup2(terminal, 1) ;
    close(terminal) ;
    close(pty) ;
    execv(argv[1], argv + 1) ;
    _exit(111) ;
  }
  close(terminal) ;
  while ((r = read(pty, buf, sizeof buf)) > 0) if (write(1, buf, (size_t)r) != r) return 111 ;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 111 ;
}
