import StartupProtocol
import Testing

@Suite struct FrontEndRecordTests {
  @Test(arguments: FrontEndRecord.Kind.allCases)
  func `every record survives its bytes`(_ kind: FrontEndRecord.Kind) {
    for record in [
      FrontEndRecord(kind),
      FrontEndRecord(kind, number: .max, id: .max, value: .min),
      FrontEndRecord(kind, number: 1, id: 2, value: -3),
    ] {
      #expect(record.bytes.count == FrontEndRecord.size)
      #expect(FrontEndRecord(record.bytes) == record)
    }
  }

  @Test func `bytes of another size or kind are no record`() {
    let bytes = FrontEndRecord(.open).bytes
    #expect(FrontEndRecord(bytes.dropLast()) == nil)
    #expect(FrontEndRecord(bytes + [0]) == nil)
    #expect(FrontEndRecord([0] + bytes.dropFirst()) == nil)
    #expect(FrontEndRecord([10] + bytes.dropFirst()) == nil)
  }

  @Test func `a slice that does not begin at 0 is read as well`() {
    let record = FrontEndRecord(.answer, number: 7, id: 1 << 40, value: 42)
    #expect(FrontEndRecord(([9, 9, 9] + record.bytes)[3...]) == record)
  }

  @Test func `commands survive their arguments`() {
    let ask = FrontEndCommand.ask(
      FrontEndCommand.Questions(
        launch: -5, host: "10.66.0.1", port: 8_000, servers: 16, requests: 400, connections: 32,
        timeoutMilliseconds: 5_000, seed: .max))
    for command in [ask, .serve(launch: .max, server: 15)] {
      #expect(FrontEndCommand(command.arguments) == command)
      #expect(FrontEndCommand(command.arguments.dropLast()) == nil)
      #expect(FrontEndCommand(command.arguments + ["1"]) == nil)
    }
    #expect(FrontEndCommand(["serve", "x", "1"]) == nil)
    #expect(FrontEndCommand(["serve", "1", "-1"]) == nil)
    #expect(FrontEndCommand([]) == nil)
  }

  /// Were each API server as likely, one of 16 would get none of 3,200 connections with a chance below 16 e^-200.
  @Test func `a client asks 200 times for each API server before it gives up`() {
    let questions = FrontEndCommand.Questions(
      launch: 1, host: "h", port: 1, servers: 16, requests: 0, connections: 1,
      timeoutMilliseconds: 1, seed: 1)
    #expect(questions.limit == 3_200)
  }
}
