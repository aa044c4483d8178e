internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import StartupProtocol

/// The HTTP client of one launch, used on one event loop only. First it sends requests one after the other, each over a
/// new connection, until every API server has answered one: the kernel chooses which of them accepts. Then it measures,
/// over connections that stay open.
final class Asker {
  private let questions: FrontEndCommand.Questions
  private let group: any EventLoopGroup
  private let loop: any EventLoop
  private var channel: RecordChannel?
  private var own: NIOLoopBound<Asker>?
  private var sent: UInt64 = 0
  private var answeredBy: Set<Int> = []
  private var started: UInt64 = 0
  private var answers = 0
  private var issued = 0

  static func run(_ questions: FrontEndCommand.Questions) -> Never {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    loop.execute {
      let asker = Asker(questions, group, loop)
      let own = NIOLoopBound(asker, eventLoop: loop)
      asker.own = own
      let channel = RecordChannel { record in
        guard record.kind == .begin else { die("unexpected \(record.kind)") }
        own.value.begin()
      }
      asker.channel = channel
      RecordChannel.adopt(group, NIOLoopBound(channel, eventLoop: loop))
    }
    while true { Glibc.pause() }
  }

  private init(
    _ questions: FrontEndCommand.Questions, _ group: any EventLoopGroup, _ loop: any EventLoop
  ) {
    self.questions = questions
    self.group = group
    self.loop = loop
  }

  private func begin() {
    let own = self.own!
    loop.scheduleTask(in: .milliseconds(Int64(questions.timeoutMilliseconds))) {
      let asker = own.value
      if asker.answeredBy.count < asker.questions.servers { asker.giveUp(ETIMEDOUT) }
    }
    askNext()
  }

  private func giveUp(_ code: Int32) {
    channel?.finish(with: FrontEndRecord(.failure, number: UInt32(code), id: sent))
  }

  /// Nonces that no other request of this trial has.
  private func nextNonce() -> Int64 {
    sent += 1
    return Int64(bitPattern: (questions.seed >> 2) &+ sent)
  }

  // MARK: Every API server once

  private func askNext() {
    guard sent < UInt64(questions.limit) else { return giveUp(EAGAIN) }
    let nonce = nextNonce()
    connect { own, connection in
      connection.ask(nonce, staysOpen: false) { own.value.note($0, nonce) }
    }
  }

  private func note(_ answer: Answer, _ nonce: Int64) {
    // No answer, for example from an API server that has just died. The launcher decides whether that matters.
    if let server = check(answer, nonce), answeredBy.insert(server).inserted {
      channel?.send(FrontEndRecord(.answered, number: UInt32(server), id: sent))
    }
    if answeredBy.count < questions.servers { askNext() } else { measure() }
  }

  /// The API server of this launch that gave the answer; nil if there is no answer or another process answered.
  private func check(_ answer: Answer, _ nonce: Int64) -> Int? {
    if case .none = answer { return nil }
    var source: (launch: Int64, server: Int)?
    if case .completion(let completion) = answer {
      source = completion.source
      if let source, completion.nonce == nonce, source.launch == questions.launch,
        (0..<questions.servers).contains(source.server)
      {
        return source.server
      }
    }
    channel?.send(FrontEndRecord(.stranger, value: source?.launch ?? -1))
    return nil
  }

  // MARK: Requests per second

  private func measure() {
    guard questions.requests > 0 else { return }
    let count = max(1, min(questions.connections, questions.requests))
    var open: [Connection] = []
    for _ in 0..<count {
      connect { own, connection in
        open.append(connection)
        guard open.count == count else { return }
        own.value.started = now()
        for connection in open { own.value.askAgain(connection) }
      }
    }
  }

  private func askAgain(_ connection: Connection) {
    guard issued < questions.requests else { return }
    issued += 1
    let nonce = nextNonce()
    let own = self.own!
    connection.ask(nonce, staysOpen: true) { answer in
      let asker = own.value
      if case .none = answer { return asker.giveUp(ECONNRESET) }
      // As a user's client, it does not see who answers; a stranger is only counted.
      _ = asker.check(answer, nonce)
      asker.answers += 1
      if asker.answers < asker.questions.requests { return asker.askAgain(connection) }
      asker.channel?.send(
        FrontEndRecord(
          .measured, id: UInt64(asker.answers), value: Int64(now() - asker.started)))
    }
  }

  private func connect(_ body: @escaping (NIOLoopBound<Asker>, Connection) -> Void) {
    let own = self.own!
    let body = NIOLoopBound(body, eventLoop: loop)
    ClientBootstrap(group: group)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHTTPClientHandlers()
          try pipeline.addHandler(Connection(host: own.value.questions.host))
        }
      }
      .connect(host: questions.host, port: questions.port)
      .whenComplete { result in
        do {
          let pipeline = try result.get().pipeline.syncOperations
          body.value(own, try pipeline.handler(type: Connection.self))
        } catch { own.value.giveUp((error as? IOError)?.errnoCode ?? ECONNREFUSED) }
      }
  }
}

/// What came back for a request.
private enum Answer {
  case completion(ChatCompletion)
  /// Another status than 200, or no completion: an API server of the launch refuses none of the client's requests.
  case refusal
  /// The connection ended.
  case none
}

private func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

/// One connection of the client, with one request at a time.
private final class Connection: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let host: String
  private var context: ChannelHandlerContext?
  private var status: HTTPResponseStatus?
  private var body = ByteBuffer()
  private var answer: ((Answer) -> Void)?

  init(host: String) { self.host = host }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  /// Sends a request.
  /// - Parameter answer: takes what comes back.
  func ask(_ nonce: Int64, staysOpen: Bool, _ answer: @escaping (Answer) -> Void) {
    guard let context else { return answer(.none) }
    self.answer = answer
    let body = ByteBuffer(json: ChatRequest(nonce: nonce))
    var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/v1/chat/completions")
    head.headers.add(name: "host", value: host)
    head.headers.add(name: "content-type", value: "application/json")
    head.headers.add(name: "content-length", value: "\(body.readableBytes)")
    if !staysOpen { head.headers.add(name: "connection", value: "close") }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      status = head.status
      body.clear()
    case .body(var part): body.writeBuffer(&part)
    case .end:
      let completion = status == .ok ? body.decoded(ChatCompletion.self) : nil
      take(completion.map { .completion($0) } ?? .refusal)
    }
  }

  func channelInactive(context: ChannelHandlerContext) { take(.none) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func take(_ found: Answer) {
    let answer = self.answer
    self.answer = nil
    answer?(found)
  }
}
