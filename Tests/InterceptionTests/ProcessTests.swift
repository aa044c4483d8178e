import Glibc
import RaceLedger
import Syscalls
import Testing

@testable import Interception

/// What /proc tells of the tests' own process; none is started.
@Suite struct ProcessTests {
  @Test func `a process is below its parent and all of their parents, not below itself`() {
    #expect(descendants(of: getppid()).contains(getpid()))
    #expect(!descendants(of: getpid()).contains(getpid()))
    #expect(!descendants(of: getpid()).contains(getppid()))
    #expect(descendants(of: .max).isEmpty)
  }

  @Test func `ancestors end at this process`() {
    #expect(ancestors(of: getpid()).first == getppid())
    #expect(ancestors(of: .max).isEmpty)
  }

  @Test(arguments: [
    ("serve\0--port\0\0", ["serve", "--port", ""]),
    ("serve\0\0x\0", ["serve", "", "x"]),
    // What setproctitle leaves behind its title.
    ("VLLM::APIServer_3\0\0\0\0\0", ["VLLM::APIServer_3"]),
    ("", []),
  ])
  func `a title is shown without its padding`(_ commandLine: String, _ words: [String]) {
    #expect(Threads.words(in: commandLine[...]) == words)
  }

  @Test func `numbers in a text stand by themselves`() {
    #expect(
      numbers(in: "serve --port=8080 127.0.0.1:9090 v7070 6060x 70000 /a/5050/b")
        == [8_080, 127, 0, 0, 1, 9_090, 5_050])
    #expect(Supervision(command: ["serve", "4040"]).configuredNumbers.contains(4_040))
    // What is between blanks is a program's text.
    let script = ["perl", "-e", "for (4040..4050) { try_port($_) }"]
    #expect(!Supervision(command: script).configuredNumbers.contains(4_040))
  }

  @Test func `a process began before what comes after it`() {
    let now = MonotonicClock.now()
    #expect(!began(getpid(), after: now, newestThen: 0))
    #expect(began(getpid(), after: 0, newestThen: .max))
    #expect(!began(.max, after: 0, newestThen: 0))
    #expect(newestProcess() > 0 && newestProcess() < .max)
  }

  @Test func `who runs has not ended, and who is not there has`() {
    #expect(!hasEnded(getpid()))
    #expect(hasEnded(.max))
  }

  @Test func `a thread is told with its process, its command line and its group`() throws {
    let variable = "PATH"
    let record = try #require(Threads(groupVariable: variable).record(UInt32(getpid())))
    #expect(record.party.pid == getpid() && record.party.tid == getpid())
    #expect(record.party.arguments == CommandLine.arguments)
    #expect(record.party.group == String(cString: getenv(variable)))
    #expect(record.party.descriptor == -1)
    let plain = try #require(Threads(groupVariable: nil).record(UInt32(getpid())))
    #expect(plain.party.group == "")
    #expect(Threads(groupVariable: nil).record(UInt32(Int32.max)) == nil)
  }

  @Test func `links that are not there are nil, and files of no size are read whole`() throws {
    #expect(link("/proc/self/exe")?.hasPrefix("/") == true)
    #expect(link("/proc/self/no-such") == nil)
    #expect(try FileText.read("/proc/self/status").contains("Pid:\t\(getpid())\n"))
    #expect(throws: SystemError("open /proc/self/no-such", code: ENOENT)) {
      try FileText.read("/proc/self/no-such")
    }
  }
}
