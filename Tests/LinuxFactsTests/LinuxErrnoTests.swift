import Glibc
import LinuxFacts
import Testing

@Suite struct LinuxErrnoTests {
  @Test func `the numbers are this kernel's`() {
    #expect(LinuxErrno.tryAgain == EAGAIN && LinuxErrno.brokenPipe == EPIPE)
    #expect(LinuxErrno.tooManyLevels == ELOOP && LinuxErrno.addressInUse == EADDRINUSE)
    #expect(LinuxErrno.timedOut == ETIMEDOUT)
  }

  @Test(arguments: [
    (EADDRINUSE, "EADDRINUSE"), (ENOSPC, "ENOSPC"), (EMFILE, "EMFILE"), (EACCES, "EACCES"),
    (ECONNRESET, "ECONNRESET"), (EADDRNOTAVAIL, "EADDRNOTAVAIL"), (EREMOTEIO, "EREMOTEIO"),
    (ENAMETOOLONG, "ENAMETOOLONG"), (EPROTO, "EPROTO"), (ENOBUFS, "ENOBUFS"),
  ])
  func `a number is named`(_ code: Int32, _ name: String) {
    #expect(LinuxErrno.text(code) == "errno \(code) (\(name))")
    #expect(LinuxErrno.number(named: name) == code)
  }

  @Test func `what has no name here is a number`() {
    #expect(LinuxErrno.text(4_000) == "errno 4000")
    #expect(LinuxErrno.name(0) == nil)
    #expect(LinuxErrno.number(named: "ENONE") == nil)
  }
}
