internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import StartupProtocol

/// Splits the stream into records.
struct RecordDecoder: ByteToMessageDecoder {
  typealias InboundOut = FrontEndRecord

  struct NoRecord: Error {}

  mutating func decode(
    context: ChannelHandlerContext, buffer: inout ByteBuffer
  ) throws -> DecodingState {
    guard let bytes = buffer.readBytes(length: FrontEndRecord.size) else { return .needMoreData }
    guard let record = FrontEndRecord(bytes) else { throw NoRecord() }
    context.fireChannelRead(wrapInboundOut(record))
    return .continue
  }

  mutating func decodeLast(
    context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
  ) throws -> DecodingState {
    try decode(context: context, buffer: &buffer)
  }
}

/// The end of the record channel in this process, which ends when the channel does. Used on its event loop only.
final class RecordChannel: ChannelInboundHandler {
  typealias InboundIn = FrontEndRecord

  private var context: ChannelHandlerContext?
  private let receive: (FrontEndRecord) -> Void

  /// - Parameter receive: takes the other side's records.
  init(_ receive: @escaping (FrontEndRecord) -> Void) { self.receive = receive }

  /// Takes over the descriptor that this process was started with.
  static func adopt(_ group: any EventLoopGroup, _ handler: NIOLoopBound<RecordChannel>) {
    ClientBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            ByteToMessageHandler(RecordDecoder()))
          try channel.pipeline.syncOperations.addHandler(handler.value)
        }
      }
      .withConnectedSocket(FrontEndCommand.Descriptor.channel)
      .whenFailure { die("cannot take over the channel: \($0)") }
  }

  func send(_ record: FrontEndRecord) {
    context?.writeAndFlush(NIOAny(ByteBuffer(bytes: record.bytes)), promise: nil)
  }

  /// Sends a last record and ends this process once the record is sent.
  func finish(with record: FrontEndRecord) {
    guard let context else { exit(0) }
    context.writeAndFlush(NIOAny(ByteBuffer(bytes: record.bytes))).whenComplete { _ in exit(0) }
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { receive(unwrapInboundIn(data)) }

  /// The process that started this one is gone, or wants it to end.
  func channelInactive(context: ChannelHandlerContext) { exit(0) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The other side has ended without having read everything.
    if (error as? IOError)?.errnoCode == ECONNRESET { exit(0) }
    die("channel: \(error)")
  }
}

/// Ends this process, with a line on standard error.
func die(_ message: String) -> Never {
  let line = "bindstorm-frontend: \(message)\n"
  _ = write(2, line, line.utf8.count)
  exit(70)
}
