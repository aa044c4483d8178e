import History
import Testing

@Suite struct EncodingTests {
  @Test func everyEventComesBackExactly() throws {
    for event in Sample.small + Sample.exhaustive + Sample.typicalTrial {
      #expect(try EventDecoder.decode(Sample.text(event)) == event)
    }
  }

  @Test func oneEventIsOneLine() {
    let events = Sample.small + Sample.exhaustive
    let bytes = Sample.encoded(events)
    #expect(bytes.count { $0 == 10 } == events.count)
    #expect(bytes.last == 10)
  }

  @Test func defaultsAreLeftOutAndOrderIsFixed() {
    let endpoint = EndpointRecord(requested: 0, bound: 40_001, attempted: 1, finished: 2)
    let server = ServerRecord(
      launch: 0, server: 3, pid: 811, released: 9, input: endpoint, output: endpoint)
    let part = #"{"requested":0,"bound":40001,"attempted":1,"finished":2}"#
    #expect(
      Sample.text(.server(server))
        == #"{"event":"server","launch":0,"server":3,"pid":811,"released":9,"input":"# + part
        + #","output":"# + part + "}")
    #expect(
      Sample.text(.trialEnded(TrialEnded(arm: 1, trial: 2, barrierOpened: 3, at: 4)))
        == #"{"event":"trial-ended","arm":1,"trial":2,"barrierOpened":3,"at":4}"#)
  }

  @Test(arguments: [0, 1, 9, 10, 99, 100, 12_345, UInt64.max / 10, UInt64.max - 1, UInt64.max])
  func decimalsAreExact(_ value: UInt64) {
    let text = Sample.text(.poolSet(PoolSet(low: 0, high: 0, at: value)))
    #expect(text == #"{"event":"pool-set","low":0,"high":0,"at":\#(value)}"#)
  }

  @Test func bufferGrowsAndIsUsedAgain() {
    var buffer = ByteBuffer(capacity: 1)
    for event in Sample.typicalTrial { EventEncoder.encode(event, into: &buffer) }
    #expect(buffer.bytes == Sample.encoded(Sample.typicalTrial))
    let length = buffer.count
    buffer.removeFirst(10)
    #expect(buffer.count == length - 10)
    #expect(buffer.bytes == Array(Sample.encoded(Sample.typicalTrial).dropFirst(10)))
    buffer.removeAll()
    #expect(buffer.bytes.isEmpty)
  }
}

@Suite struct DecodingTests {
  @Test(arguments: [
    (#"{"event":"run-ended","interrupted":true}"#, "field \"at\" is missing"),
    (
      #"{"event":"run-ended","interrupted":1,"at":2}"#, "field \"interrupted\" is not true or false"
    ),
    (#"{"event":"run-ended","interrupted":true,"at":2,"x":3}"#, "unknown field \"x\""),
    (#"{"event":"run-ended","at":1,"at":2}"#, "field \"at\" occurs twice at column 33"),
    (#"{"event":"run-done"}"#, "unknown event \"run-done\""),
    (#"{"event":"pool-set","low":1.5,"high":2,"at":3}"#, "expected a whole number at column 28"),
    (#"{"event":"pool-set","low":1,"high":2,"at":99999999999999999999}"#, "out of range"),
    (#"{"event":"pool-set","low":1,"high":2,"at":-1}"#, "field \"at\" is not a whole number"),
    (#"{"event":"pool-set","low":1,"high":2,"at":3} x"#, "something follows the event"),
    (
      #"{"event":"launch","launch":0,"pid":1,"advertised":[70000]}"#,
      "is not a list of whole numbers in 0...65535"
    ),
    ("[[[[[[[0]]]]]]]", "expected an object"), ("[[[[[[[[0]]]]]]]]", "nested too deep at column 9"),
    ("[]", "expected an object"), ("", "expected a whole number at column 1"),
    (#"{"event":"pool-set""#, "expected ',' or '}'"),
  ])
  func damageIsNamed(_ line: String, _ reason: String) {
    let failure = #expect(throws: EventDecoder.Failure.self) { try EventDecoder.decode(line) }
    #expect(failure?.reason.contains(reason) == true, "\(failure?.reason ?? "")")
  }

  /// Damage inside an object of an event is as much damage as beside it.
  @Test(arguments: ["input", "output", "holder"])
  func unknownFieldsInsideAreNamed(_ object: String) throws {
    let holder = Holder(kind: .nobody, sources: .neither)
    let endpoint = EndpointRecord(
      requested: 1, bound: 0, errno: 98, stage: .bind, attempted: 1, finished: 2, holder: holder)
    let server = ServerRecord(
      launch: 0, server: 0, pid: 1, released: 1, input: endpoint, output: endpoint)
    let line = Sample.text(.server(server))
    let start = try #require(line.firstRange(of: "\"\(object)\":{")).upperBound
    let damaged = line[..<start] + "\"x\":3," + line[start...]
    let failure = #expect(throws: EventDecoder.Failure.self) {
      try EventDecoder.decode(String(damaged))
    }
    #expect(failure?.reason == "unknown field \"x\"")
  }

  @Test func unknownWordListsTheKnownOnes() {
    let line =
      #"{"event":"trial-ended","arm":1,"trial":2,"barrierOpened":3,"at":4,"completion":"x"}"#
    let failure = #expect(throws: EventDecoder.Failure.self) { try EventDecoder.decode(line) }
    #expect(failure?.reason.contains("timeout-window") == true)
  }

  @Test func cutLinesNeverDecodeAndNeverTrap() {
    for event in Sample.small {
      let line = Sample.text(event)
      for length in 0..<line.utf8.count {
        let cut = String(decoding: Array(line.utf8.prefix(length)), as: UTF8.self)
        #expect(throws: EventDecoder.Failure.self) { try EventDecoder.decode(cut) }
      }
    }
  }
}
