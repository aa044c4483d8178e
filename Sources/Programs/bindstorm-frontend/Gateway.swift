internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import StartupProtocol

/// The HTTP front end of one API server. It accepts from the listener that the launcher bound and all its API servers
/// share, passes each request on to the API server, and answers with what the engine core returned. Used on one event
/// loop only.
final class Gateway {
  let launch: Int64
  let server: Int
  private var channel: RecordChannel?
  private var waiting: [UInt64: (FrontEndRecord) -> Void] = [:]
  private var requests: UInt64 = 0

  /// Serves until the API server is gone.
  static func run(launch: Int64, server: Int) -> Never {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    loop.execute {
      let gateway = Gateway(launch: launch, server: server)
      let own = NIOLoopBound(gateway, eventLoop: loop)
      let channel = RecordChannel { record in own.value.receive(record, group, own) }
      gateway.channel = channel
      RecordChannel.adopt(group, NIOLoopBound(channel, eventLoop: loop))
    }
    while true { Glibc.pause() }
  }

  private init(launch: Int64, server: Int) {
    self.launch = launch
    self.server = server
  }

  private func receive(
    _ record: FrontEndRecord, _ group: any EventLoopGroup, _ own: NIOLoopBound<Gateway>
  ) {
    switch record.kind {
    case .open: listen(group, own)
    case .answer, .refusal: waiting.removeValue(forKey: record.id)?(record)
    default: die("unexpected \(record.kind)")
    }
  }

  private func listen(_ group: any EventLoopGroup, _ own: NIOLoopBound<Gateway>) {
    // Not NIO's own accept: it would wake every API server for each connection, and it does not expect another process
    // to take a connection between readiness and call. Of the processes that block in accept(2) the kernel wakes one,
    // the one that has waited longest.
    let pool = NIOThreadPool(numberOfThreads: 1)
    pool.start()
    pool.submit { _ in
      while true {
        let connection = accept(FrontEndCommand.Descriptor.listener, nil, nil)
        if connection >= 0 {
          Self.serve(connection, group, own)
        } else if ![EINTR, ECONNABORTED].contains(errno) {
          die("accept: errno \(errno)")
        }
      }
    }
  }

  private static func serve(
    _ connection: CInt, _ group: any EventLoopGroup, _ own: NIOLoopBound<Gateway>
  ) {
    // Fails if the client has already disconnected.
    _ = ClientBootstrap(group: group)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline()
          try pipeline.addHandler(ChatHandler(own.value))
        }
      }
      .withConnectedSocket(connection)
  }

  /// Passes a request on.
  /// - Parameter answer: takes the API server's answer or rejection.
  func ask(_ nonce: Int64, _ answer: @escaping (FrontEndRecord) -> Void) {
    requests += 1
    waiting[requests] = answer
    channel?.send(FrontEndRecord(.request, id: requests, value: nonce))
  }
}

/// One connection.
private final class ChatHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// The largest body that is accepted.
  private static let limit = 65_536

  private let gateway: Gateway
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()

  init(_ gateway: Gateway) { self.gateway = gateway }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
    case .body(var part):
      if body.readableBytes + part.readableBytes <= Self.limit {
        body.writeBuffer(&part)
      } else {
        head.map { refuse(context, $0, .payloadTooLarge, "the body is too large") }
        head = nil
      }
    case .end:
      guard let head else { return }
      handle(context, head)
    }
  }

  private func handle(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
    switch (head.method, head.uri) {
    case (.GET, "/health"): reply(context, head, .ok, ByteBuffer())
    case (.POST, "/v1/chat/completions"):
      guard let request = body.decoded(ChatRequest.self), let nonce = request.nonce else {
        return refuse(
          context, head, .badRequest, "the last message's content is to be a whole number")
      }
      gateway.ask(nonce) { [self] answer in
        guard context.channel.isActive else { return }
        guard answer.kind == .answer else {
          return refuse(context, head, .conflict, "a request with this number is under way")
        }
        let completion = ChatCompletion(
          nonce: answer.value, launch: gateway.launch, server: gateway.server,
          engine: Int(answer.number), at: time(nil))
        reply(context, head, .ok, ByteBuffer(json: completion))
      }
    case (_, "/health"), (_, "/v1/chat/completions"):
      refuse(context, head, .methodNotAllowed, "not with this method")
    default: refuse(context, head, .notFound, "there is no \(head.uri)")
    }
  }

  private func refuse(
    _ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ status: HTTPResponseStatus,
    _ message: String
  ) {
    reply(
      context, head, status, ByteBuffer(json: ChatError(message, status: Int(status.code))))
  }

  private func reply(
    _ context: ChannelHandlerContext, _ request: HTTPRequestHead, _ status: HTTPResponseStatus,
    _ body: ByteBuffer
  ) {
    var head = HTTPResponseHead(version: request.version, status: status)
    head.headers.add(name: "content-type", value: "application/json")
    head.headers.add(name: "content-length", value: "\(body.readableBytes)")
    let isLast = !request.isKeepAlive || status == .payloadTooLarge
    if isLast { head.headers.add(name: "connection", value: "close") }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      if isLast { channel.close(promise: nil) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
