# ISC license.
# usage: peer_python.py asyncio|trio name port

import errno, os, sys, time

how, name, port = sys.argv[1:]
deadline = int(os.environ.get('DEADLINE', 10000)) / 1000
if how == 'trio':
  import trio
else:
  import asyncio


async def connect():
  if how == 'trio':
    with trio.fail_after(deadline):
      stream = await trio.open_tcp_stream(name, int(port))
    return stream.socket.getpeername()
  async with asyncio.timeout(deadline):
    _, writer = await asyncio.open_connection(name, int(port), happy_eyeballs_delay=0.25)
  return writer.get_extra_info('peername')


def told(e):
  inner = getattr(e.__cause__, 'exceptions', None)
  if inner:
    return type(e).__name__ + ' of ' + ' '.join(told(x) for x in inner)
  return errno.errorcode.get(getattr(e, 'errno', None), ' '.join(repr(e).split()))


async def main():
  os.write(1, f'{name} ready\n'.encode())
  os.read(0, 1)
  start = time.monotonic()
  where, why = '-', ''
  try:
    where = (await connect())[0]
  except Exception as e:
    why = told(e)
  os.write(1, f'{name} {where} {(time.monotonic() - start) * 1e3:.3f} {why}\n'.encode())
  os._exit(0)

trio.run(main) if how == 'trio' else asyncio.run(main())
