internal import CSharedRegion
internal import Glibc
internal import RunContract
internal import Syscalls

/// What API servers send through their channels.
extension Launch {
  /// Serves the channels until every API server has reported, and advertises what was reported.
  /// - Parameter answer: called with an API server's number and its question; the answer goes back.
  /// - Throws: `ETIMEDOUT` when the time is over, `EPIPE` when an API server failed or died before its
  ///   report, `EPROTO` when what it sent is no report, all at stage `report`; what `answer` throws.
  public func collectReports(
    timeoutMilliseconds: Int,
    answer: (Int, ChannelMessage) throws(StageFailure) -> ChannelMessage? = { _, _ in nil }
  ) throws(StageFailure) {
    let deadline = MonotonicClock.now() + UInt64(timeoutMilliseconds) * 1_000_000
    var waiting = Array(0..<order.serversPerLaunch)
    while !waiting.isEmpty {
      var items = waiting.map { pollfd(fd: channels[$0], events: Int16(POLLIN), revents: 0) }
      let now = MonotonicClock.now()
      guard now < deadline else { throw failure(ETIMEDOUT) }
      let left = Int32(min((deadline - now + 999_999) / 1_000_000, 60_000))
      let ready = poll(&items, nfds_t(items.count), left)
      guard ready >= 0 || errno == EINTR else { throw failure(errno) }
      guard ready > 0 else { continue }
      for (item, server) in zip(items, waiting) where item.revents != 0 {
        let message: ChannelMessage
        switch ChannelMessage.read(from: channels[server]) {
        case .message(let received): message = received
        case .end: throw failure(EPIPE)
        case .unreadable: throw failure(EPROTO)
        }
        switch message.kind {
        case .report:
          let (input, output) = addresses(of: server)
          endpoint(input).pointee.advertised = message.first
          endpoint(output).pointee.advertised = message.second
          waiting.removeAll { $0 == server }
        case .question:
          if let reply = try answer(server, message) { _ = reply.send(over: channels[server]) }
        case .failure, .answer:
          throw failure(EPIPE)
        }
      }
    }
  }

  private func failure(_ code: Int32) -> StageFailure {
    StageFailure(stage: BS_STAGE_REPORT.rawValue, code: code)
  }
}
