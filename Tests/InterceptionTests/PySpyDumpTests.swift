import RaceLedger
import Testing

@testable import Interception

@Suite struct PySpyDumpTests {
  private static let text = """
    Process 40: python3 launcher.py plain
    Python v3.12.3 (/usr/bin/python3.12)

    Thread 40 (idle): "MainThread"
        bind (socket.py:227)
        find_port (/x y/launcher.py:14)
        <module> (launcher.py:64)
    Thread 41 (active+gil): "worker"
        run (threading.py:1010)
        not a frame
        no line (x)
        odd) order: (y
    """

  private static let worker = [Frame(function: "run", file: "threading.py", line: 1_010)]

  @Test func `a thread has its frames, innermost first`() {
    let dump = PySpyDump(Self.text)
    #expect(
      dump.frames(tid: 40, pid: 40) == [
        Frame(function: "bind", file: "socket.py", line: 227),
        Frame(function: "find_port", file: "/x y/launcher.py", line: 14),
        Frame(function: "<module>", file: "launcher.py", line: 64),
      ])
  }

  @Test func `what is no frame is left out`() {
    #expect(PySpyDump(Self.text).frames(tid: 41, pid: 40) == Self.worker)
  }

  @Test func `a thread that is not listed has no frames, but the only one and the main one have`() {
    let dump = PySpyDump(Self.text)
    #expect(dump.frames(tid: 42, pid: 40) == [])
    #expect(dump.frames(tid: 4, pid: 40) == [], "its number is the beginning of another")
    // Where py-spy knows no numbers of the kernel it prints addresses.
    let unnumbered = PySpyDump(
      Self.text.replacing("Thread 40", with: "Thread 0x7F01").replacing(
        "Thread 41", with: "Thread 0x7F02"))
    #expect(unnumbered.frames(tid: 40, pid: 40).count == 3)
    #expect(unnumbered.frames(tid: 41, pid: 40) == [])
    let single = PySpyDump("Thread 0x7F02 (idle)\n    run (threading.py:1010)\n")
    #expect(single.frames(tid: 41, pid: 40) == Self.worker)
  }

  @Test func `an empty or broken dump has no frames`() {
    for text in ["", "    run (threading.py:1010)\n", "Error: no such process\n"] {
      #expect(PySpyDump(text).frames(tid: 40, pid: 40) == [], "\(text)")
    }
  }
}
