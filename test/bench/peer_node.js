// ISC license.

const fs = require('fs'), net = require('net')
const [name, port] = process.argv.slice(2)

fs.writeSync(1, `${name} ready\n`)
fs.readSync(0, Buffer.alloc(1))
const start = performance.now()

function end (where, why)
{
  fs.writeSync(1, `${name} ${where} ${(performance.now() - start).toFixed(3)} ${why}\n`)
  process.exit()
}

const s = net.connect({ host: name, port, autoSelectFamily: true })
s.on('connect', () => end(s.remoteAddress, ''))
s.on('error', e => end('-', e.errors ? `${e.name} of ${e.errors.map(x => x.code).join(' ')}` : e.code))
