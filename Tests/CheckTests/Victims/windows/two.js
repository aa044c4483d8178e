// Two windows: the first one's loss is survived with another number, the second one's is not.
const net = require('net');

const listener = (port) => new Promise((resolve, reject) => {
  const server = net.createServer();
  server.once('error', reject);
  server.listen(port, '127.0.0.1', () => resolve(server));
});

async function probe() {
  const server = await listener(0);
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function tolerant() {
  for (let tries = 0; ; tries++) {
    try {
      return await listener(await probe());
    } catch (error) {
      if (tries === 4) throw error;
    }
  }
}

(async () => {
  const front = await tolerant();
  const back = await listener(await probe());
  console.log('both up');
  front.close();
  back.close();
})().catch((error) => { console.error(error.code); process.exit(1); });
