/// The text forms of a rule: for the workers, and on the command line.
extension CallInjection {
  /// As text for the workers: seven fields with tabs between them; missing numbers are 0 or -1.
  public var text: String {
    let ends = [ports.map { Int($0.lowerBound) } ?? -1, ports.map { Int($0.upperBound) } ?? -1]
    let fields =
      [call.rawValue, "\(error ?? 0)", "\(delay)", "\(nth ?? 0)"] + ends.map(String.init)
    return (fields + [process ?? ""]).joined(separator: "\t")
  }

  /// The inverse of `text`. Nil for anything else.
  public init?(text: String) {
    let fields = text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 7, let call = InjectedCall(rawValue: fields[0]),
      let error = Int32(fields[1]), let delay = UInt64(fields[2]), let nth = Int(fields[3]),
      let low = Int(fields[4]), let high = Int(fields[5])
    else { return nil }
    var ports: ClosedRange<UInt16>?
    if low >= 0 {
      guard let low = UInt16(exactly: low), let high = UInt16(exactly: high), low <= high else {
        return nil
      }
      ports = low...high
    }
    self.init(
      call, error: error == 0 ? nil : error, delay: delay, nth: nth == 0 ? nil : nth,
      ports: ports, process: fields[6].isEmpty ? nil : fields[6])
  }

  /// What is wrong with a rule of the command line.
  public struct Mistake: Error, Equatable, CustomStringConvertible {
    public let description: String
  }

  /// Reads `CALL:KEY=VALUE,...`, for example `bind:errno=EADDRINUSE,nth=2,port=8000-8010,process=python`.
  /// - Parameter errorNumber: gives the number of a name like `EADDRINUSE`.
  public init(
    parsing text: String, errorNumber: (String) -> Int32? = InjectableError.number
  ) throws(Mistake) {
    func fail(_ what: String) -> Mistake {
      Mistake(
        description: "'\(text)': \(what); the form is CALL:KEY=VALUE,... with CALL one of "
          + InjectedCall.allCases.map(\.rawValue).joined(separator: ", ")
          + " and KEY one of errno, delay (as 50ms), nth, port (as 8000 or 8000-8010), process")
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let call = InjectedCall(rawValue: String(parts[0])) else {
      throw fail("there is no call '\(parts[0])' to inject into")
    }
    self.init(call)
    for item in parts.count > 1 ? parts[1].split(separator: ",") : [] {
      let pair = item.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2 else { throw fail("'\(item)' has no value") }
      if let mistake = set(pair[0], pair[1], errorNumber) { throw fail(mistake) }
    }
    guard error != nil || delay > 0 else { throw fail("neither errno nor delay is given") }
    if ports != nil && !call.namesPort { throw fail("\(call.rawValue) names no port") }
  }

  /// Sets the value of a key; returns what is wrong with the value, nil if it is valid.
  private mutating func set(
    _ key: String, _ value: String, _ errorNumber: (String) -> Int32?
  ) -> String? {
    switch key {
    case "errno":
      guard let number = errorNumber(value) ?? Int32(value), (1...4_095).contains(number)
      else { return "'\(value)' is no errno" }
      error = number
    case "delay":
      guard let nanoseconds = parseDuration(value) else { return "'\(value)' is no duration" }
      delay = nanoseconds
    case "nth":
      guard let number = Int(value), number > 0 else { return "'\(value)' is no count" }
      nth = number
    case "port":
      let ends = value.split(separator: "-").map { UInt16($0) }
      guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1],
        low <= high
      else { return "'\(value)' is no port or range" }
      ports = low...high
    case "process": process = value
    default: return "there is no key '\(key)'"
    }
    return nil
  }
}
