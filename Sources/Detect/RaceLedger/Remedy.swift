/// The usual ways to remove a race, by verdict. The manual (Documentation/check.md, "How to fix it") says the same words;
/// a test holds it to them.
public struct Remedy: Sendable, Equatable {
  /// A paragraph of the manual.
  public let paragraph: String
  /// The same in one or two sentences, for reports that link to no manual.
  public let short: String

  /// Nil for notes, which need no fix. Every race has one.
  public static func of(_ kind: RaceKind) -> Remedy? { all[kind] }

  /// By verdict.
  public static let all: [RaceKind: Remedy] = [
    .race: Remedy(
      paragraph:
        "Do not let the port go. Best: the server itself binds to port 0 and reports the number that it got (a line on standard output, a file, a pipe). Otherwise: pass the open listener to the server (inheritance, SCM_RIGHTS, socket activation with LISTEN_FDS). If the server accepts only a number: hold the probe until the server binds, with SO_REUSEADDR or SO_REUSEPORT on both sockets and without listen() on the probe. Where none of these is possible, retry with a new number when the server says EADDRINUSE, and make sure that the client then hears of the new number.",
      short:
        "Let the server bind to port 0 and report the number, or pass it the open listener. If it accepts only a number, hold the probe until it binds, or retry with a new number on EADDRINUSE."
    ),
    .restart: Remedy(
      paragraph:
        "A server that must come back on its number should keep its listener open over the restart: hand it to the new process (inheritance, SCM_RIGHTS, socket activation). If it need not have the same number, bind to port 0 again and report. If the number is a fixed one of a service, take it from outside the ephemeral range (net.ipv4.ip_local_port_range), or reserve it (net.ipv4.ip_local_reserved_ports).",
      short:
        "Keep the listener open over the restart and hand it on, bind to port 0 again and report, or use a number outside the ephemeral range."
    ),
    .duplicate: Remedy(
      paragraph:
        "Two owners got one number because each let it go before it was used. Each must hold its socket from the moment it gets the number: see RACE. One process that gives out numbers for all, and holds them, helps within a host; a lock file helps only among those who look at it.",
      short:
        "Each owner must hold its socket from the moment it gets the number: bind to port 0 in the server, or pass the listener."
    ),
    .collision: Remedy(
      paragraph:
        "The port was taken in the window. The fix is that of RACE. If \"Held by\" names a process of this tree, also look for a number that is given out twice, and for a server of an earlier test that was not ended.",
      short:
        "Hold the port until it is used: bind to port 0 in the server and report the number, or pass the listener. End servers of earlier tests."
    ),
    .crossWired: Remedy(
      paragraph:
        "Besides the fix of RACE the client must know its server: let the server report its number only after its bind succeeded, do not start clients on a number that nobody confirmed, and check an identity (a token, a run id, TLS) at the first message.",
      short:
        "Connect only to a number that the own server reported after its bind, and check an identity in the first message."
    ),
    .crossProtocol: Remedy(
      paragraph:
        "A number that is free for TCP says nothing about UDP. Bind both sockets on one number and keep both: bind port 0 for one protocol, try the other on the same number, and on EADDRINUSE let both go and begin again with another number. Or tell clients two numbers.",
      short:
        "Hold the number in both protocols before it is told to anybody, and begin again with another number if the second is taken."
    ),
    .crossAddress: Remedy(
      paragraph:
        "A number that is held at one address says nothing about another one or about the other family. Bind all addresses before the number is told, and begin again with another number if one is taken; or bind one socket to [::] without IPV6_V6ONLY, which is both families.",
      short:
        "Bind every address before the number is told and begin again if one is taken, or use one dual-stack socket."
    ),
    .derived: Remedy(
      paragraph:
        "The neighbour of a free number need not be free. Bind the whole group before any of it is told, and begin again if one is taken; or let each server bind to port 0 and report its own number.",
      short:
        "Bind all numbers of the group before any is told and begin again if one is taken, or report each number by itself."
    ),
    .lookedUp: Remedy(
      paragraph:
        "A refused connect shows that nobody listened at that moment. Bind instead of asking: a bind that succeeds is the answer and the reservation in one, and EADDRINUSE says to take the next number.",
      short:
        "Bind the number instead of connecting to it; on EADDRINUSE take the next one."
    ),
    .liveTwin: Remedy(
      paragraph:
        "Set neither SO_REUSEADDR nor SO_REUSEPORT on a UDP socket that binds port 0. If several sockets must share a number (multicast), bind the number that the group agreed on.",
      short:
        "Set neither SO_REUSEADDR nor SO_REUSEPORT on a UDP socket that binds port 0."
    ),
    .shared: Remedy(
      paragraph:
        "SO_REUSEPORT is for workers of one server. Leave it out of a server that must be alone, so that the second owner gets EADDRINUSE; or give each deployment a number of its own and check an identity at the first message.",
      short:
        "Leave SO_REUSEPORT out of a server that must be alone on its number."
    ),
    .selfConnect: Remedy(
      paragraph:
        "Compare getsockname and getpeername after connect, and treat equality as a refusal. Better: listen outside the ephemeral range (net.ipv4.ip_local_port_range), or connect only after the server has reported that it listens.",
      short:
        "Treat a connection whose two ends are equal as refused, or listen outside the ephemeral range."
    ),
    .deadPort: Remedy(
      paragraph:
        "Keep a socket bound to the number, without listen(), as long as it must be dead: connects are refused, and nobody else can bind it.",
      short:
        "Keep a socket bound to the number without listen(): connects are then refused for certain."
    ),
  ]

  /// What the remedies are called in a language.
  public static let languages: [(language: String, text: String)] = [
    (
      "Python",
      "`create_server((host, 0))` in the server, then `getsockname()[1]`; `HTTPServer((host, 0), ...)`, `uvicorn --fd`, `asyncio.start_server(sock=...)`; `subprocess.Popen(pass_fds=...)`; pytest: a fixture that yields the running server, not a number"
    ),
    (
      "Go",
      "`net.Listen(\"tcp\", \"127.0.0.1:0\")` and `http.Serve(listener, ...)`; `httptest.NewServer`; `exec.Cmd.ExtraFiles` with `net.FileListener`"
    ),
    (
      "Node.js",
      "`server.listen(0)` and `server.address().port`; `server.listen({ fd })`; `child_process` with the handle as the second argument of `send`"
    ),
    (
      "Java",
      "`new ServerSocket(0)` kept and used; `server.port=0` with `local.server.port` (Spring Boot); `System.inheritedChannel()`"
    ),
    (
      "Ruby",
      "`TCPServer.new(host, 0)` kept and given to the server (`puma` with `add_tcp_listener`, `bind 'fd://N'`); `spawn(..., fd => fd)`"
    ),
    (
      "Perl",
      "`IO::Socket::INET->new(LocalPort => 0, Listen => N)` kept; `Test::TCP` with `listen => 1`; FD_CLOEXEC cleared (`fcntl`, `$^F`) for a child that inherits it"
    ),
    ("PHP", "`stream_socket_server('tcp://127.0.0.1:0')` and `stream_socket_get_name`"),
    (
      "Rust",
      "`TcpListener::bind(\"127.0.0.1:0\")` and `local_addr()`; `from_std`, `axum::serve(listener, ...)`; `listenfd`"
    ),
    (
      "C, C++",
      "`bind` with port 0 and `getsockname` in the server; descriptors without FD_CLOEXEC, or `sd_listen_fds`"
    ),
    ("Swift", "NIO's `bind(host:port: 0)` and `localAddress`; `withBoundSocket`"),
  ]
}
