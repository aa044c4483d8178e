// Probe-then-bind in Node.
const net = require("net");
const probe = net.createServer();
probe.listen(0, () => {
  const port = probe.address().port;
  probe.close(() => {
    const server = net.createServer();
    server.on("error", (e) => { console.log("failed " + e.code); process.exit(3); });
    server.listen(port, () => { console.log("ok"); server.close(); });
  });
});
