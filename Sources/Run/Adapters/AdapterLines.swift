internal import Glibc
internal import LinuxFacts
internal import Syscalls

/// Lines to and from an adapter, each with its deadline, and the adapter's exit.
extension AdapterProcess {
  /// Sends a request. Used by the requests above, and by the conformance suite, which examines the answer itself.
  func ask(
    _ kind: AdapterRequest.Kind, seed: UInt64 = 0
  ) throws(AdapterFault) -> AdapterAnswer {
    if let fault = unsolicited() { throw fault }
    lastID += 1
    let limit = deadline(of: kind)
    let request = AdapterRequest.line(kind, id: lastID, launch, seed: seed)
    transcript = (String(request.dropLast()), "")
    try send(request, kind, until: limit)
    let line = try receive(kind, until: limit)
    transcript.received = AdapterAnswer.excerpt(line)
    let answer = try AdapterAnswer(line, to: kind, id: lastID)
    if let fault = unsolicited() { throw fault }
    return answer
  }

  func plain(_ kind: AdapterRequest.Kind) throws(AdapterFault) -> AdapterRefusal? {
    try ask(kind).refusal(to: kind)
  }

  func ports(
    _ kind: AdapterRequest.Kind, seed: UInt64 = 0, mayBeUnknown: Bool
  ) throws(AdapterFault) -> Result<[UInt16], AdapterRefusal> {
    let answer = try ask(kind, seed: seed)
    if let refusal = try answer.refusal(to: kind) { return .failure(refusal) }
    return .success(try answer.ports(count: launch.addresses, mayBeUnknown: mayBeUnknown))
  }

  func deadline(of kind: AdapterRequest.Kind) -> UInt64 {
    MonotonicClock.now() + UInt64(deadlines[kind]) * 1_000_000
  }

  func closeInput() {
    guard isInputOpen else { return }
    // Keep the number in use, so that `end` does not close an unrelated descriptor.
    let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    if nowhere >= 0 {
      _ = dup2(nowhere, input)
      _ = fcntl(input, F_SETFD, FD_CLOEXEC)
      closeDescriptor(nowhere)
    }
    isInputOpen = false
  }

  private func send(
    _ line: String, _ kind: AdapterRequest.Kind, until limit: UInt64
  ) throws(AdapterFault) {
    var rest = Array(line.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        var item = pollfd(fd: input, events: Int16(POLLOUT), revents: 0)
        let left = milliseconds(until: limit)
        guard left > 0 else { throw late(kind) }
        _ = poll(&item, 1, left)
      } else if errno != EINTR {
        throw earlyExit(kind, until: limit)
      }
    }
  }

  private func receive(
    _ kind: AdapterRequest.Kind, until limit: UInt64
  ) throws(AdapterFault) -> [UInt8] {
    while true {
      let isEnd = fill()
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        guard end < AdapterProtocol.longestLine else { throw oversized(kind) }
        let line = Array(buffer[..<end])
        buffer.removeFirst(end + 1)
        return line
      }
      guard buffer.count < AdapterProtocol.longestLine else { throw oversized(kind) }
      if isEnd { throw earlyExit(kind, until: limit) }
      guard try wait(for: [output, status], until: limit) else { throw late(kind) }
      // The keeper reports the exit once. What the program wrote before is still in the pipe.
      if exit == nil { readStatus() }
      if exit != nil {
        _ = fill()
        if !buffer.contains(UInt8(ascii: "\n")) { throw earlyExit(kind, until: limit) }
      }
    }
  }

  private func oversized(_ kind: AdapterRequest.Kind) -> AdapterFault {
    AdapterFault(
      .oversized,
      "the answer to \(kind.rawValue) is longer than \(AdapterProtocol.longestLine) bytes: \(AdapterAnswer.excerpt(buffer))"
    )
  }

  private func late(_ kind: AdapterRequest.Kind) -> AdapterFault {
    let partial =
      buffer.isEmpty ? "" : "; an unfinished line came: \(AdapterAnswer.excerpt(buffer))"
    return AdapterFault(
      .late, "no answer to \(kind.rawValue) within \(deadlines[kind]) ms\(partial)")
  }

  private func earlyExit(_ kind: AdapterRequest.Kind, until limit: UInt64) -> AdapterFault {
    while exit == nil, (try? wait(for: [status], until: limit)) == true {
      let before = exit
      readStatus()
      if exit == before { break }
    }
    guard let exit else {
      return AdapterFault(
        .earlyExit, "it closed its standard input or output instead of answering \(kind.rawValue)")
    }
    if kind == .hello && (exit == 127 << 8 || exit == 126 << 8) {
      return AdapterFault(.notStarted, "the program cannot be started")
    }
    return AdapterFault(
      .earlyExit, "it \(WaitStatus(exit).predicate) instead of answering \(kind.rawValue)")
  }

  /// A line that arrived without a request.
  private func unsolicited() -> AdapterFault? {
    _ = fill()
    guard !buffer.isEmpty else { return nil }
    return AdapterFault(
      .unsolicited, "a line that nobody asked for: \(AdapterAnswer.excerpt(buffer))")
  }

  /// Reads what is available, up to the longest valid line. Returns whether the end was reached.
  private func fill() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 16_384)
    while buffer.count <= AdapterProtocol.longestLine {
      let count = read(output, &bytes, bytes.count)
      if count > 0 {
        buffer += bytes[..<count]
      } else if count == 0 {
        return true
      } else if errno != EINTR {
        return false
      }
    }
    return false
  }

  func readStatus() {
    var item = pollfd(fd: status, events: Int16(POLLIN), revents: 0)
    guard poll(&item, 1, 0) > 0 else { return }
    var value: Int32 = 0
    if read(status, &value, MemoryLayout.size(ofValue: value)) == MemoryLayout.size(ofValue: value)
    {
      exit = value
    } else {
      // The keeper is gone, and so is everything below it.
      exit = Int32(SIGKILL)
    }
  }

  private func milliseconds(until limit: UInt64) -> Int32 {
    let now = MonotonicClock.now()
    return now < limit ? Int32(min((limit - now + 999_999) / 1_000_000, 60_000)) : 0
  }

  /// Waits until one of the descriptors is readable or at its end. Returns whether one is.
  func wait(for descriptors: [Int32], until limit: UInt64) throws(AdapterFault) -> Bool {
    while true {
      var items = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let left = milliseconds(until: limit)
      let ready = poll(&items, nfds_t(items.count), left)
      if ready > 0 { return true }
      if ready == 0 && left == 0 { return false }
      if ready < 0 && errno != EINTR {
        throw AdapterFault(.notStarted, SystemError.current("poll").description)
      }
    }
  }
}
