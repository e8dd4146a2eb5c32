/* ISC license. */

#include "socket.h"

int noipv6 = 0 ;
