import Testing

@testable import RaceLedger

/// What of a command line is part of a place.
@Suite struct ProgramNameTests {
  private func name(_ words: [String], program: String = "") -> ProgramName {
    ProgramName(program: program, arguments: words, thread: "thread")
  }

  struct Alike: Sendable, CustomTestStringConvertible {
    var what: String
    var program = ""
    var lines: [[String]]
    var testDescription: String { what }
  }

  static let alike = [
    Alike(
      what: "a script's folder", program: "perl",
      lines: [["perl", "cases/a.pl"], ["/usr/bin/perl", "./a.pl"], ["perl", "../x/a.pl"]]),
    Alike(
      what: "an interpreter's version", program: "",
      lines: [["python3.11", "a.py"], ["/opt/bin/python3", "a.py"], ["python", "a.py"]]),
    Alike(
      what: "the value of a first option",
      lines: [
        ["redis-server", "--dir", "/tmp/tmpg6zsj7yl", "--port", "1"],
        ["redis-server", "--dir", "/tmp/tmp3kzk74yk", "--port", "40001"],
      ]),
    Alike(
      what: "a value after an equals sign",
      lines: [
        ["etcd", "--data-dir=/tmp/a1", "--url=http://x:1"], ["etcd", "--data-dir=b", "--url=y"],
      ]),
    Alike(
      what: "a value that follows its letter",
      lines: [["memcached", "-p4000"], ["memcached", "-p", "5000"]]),
    Alike(
      what: "a folder that follows its letter", program: "perl",
      lines: [
        ["perl", "-I/tmp/1ef73e2a-90bb-4a5e-b7a1-00f1e2d3c4b5", "a.pl"], ["perl", "-Ilib", "a.pl"],
      ]),
    Alike(
      what: "a configuration with a random name",
      lines: [["redis-server", "tmp3kzk74yk.conf"], ["redis-server", "/x/tmpabcdefgh.conf"]]),
    Alike(
      what: "a folder as an option's word",
      lines: [["postgres", "-D", "tmp2w_e_ns9"], ["postgres", "-D", "/tmp/tmpzzzzzzzz"]]),
    Alike(
      what: "a script whose name is random", program: "python3.11",
      lines: [["python3", "/tmp/tmpab12cd34.py"], ["python3", "1ef73e2a90bb.py"]]),
    Alike(
      what: "a program whose name is random",
      lines: [["/tmp/tmp.Xy12ab/tmpq_9zzzzz"], ["/tmp/1ef73e2a-90bb-4a5e-b7a1-00f1e2d3c4b5"]]),
    Alike(
      what: "source text on the command line", program: "python3",
      lines: [["python3", "-c", "port = 1"], ["python3", "-c", "port = 2", "x"]]),
    Alike(
      what: "the order and the repetition of options",
      lines: [["s", "--b", "--a"], ["s", "--a", "1", "--b", "2", "--a", "3"]]),
    Alike(
      what: "process ids and addresses",
      lines: [["s", "4711", "127.0.0.1:80"], ["s", "12", "[::1]:9"]]),
    Alike(
      what: "numbers in an option's name", lines: [["s", "--rank-0"], ["s", "--rank-15"]]),
    Alike(
      what: "numbers in a title", program: "python3.11",
      lines: [["VLLM::APIServer_3", "", ""], ["VLLM::APIServer_12"]]),
    Alike(
      what: "addresses in a title", program: "redis-check-rdb",
      lines: [["redis-server 127.0.0.1:6379"], ["redis-server *:40001"]]),
    Alike(
      what: "the rest of a title", program: "nginx",
      lines: [["nginx: master process /usr/sbin/nginx -c /tmp/a"], ["nginx: worker process"]]),
    Alike(
      what: "a negative number", lines: [["s", "-1"], ["s"]]),
    Alike(
      what: "the class path", program: "java",
      lines: [["java", "-cp", "/a:/b", "Main"], ["java", "-cp", "/c", "Main"]]),
  ]

  @Test(arguments: alike) func `what differs between runs and hosts is no part of a name`(
    _ row: Alike
  ) {
    let texts = row.lines.map { name($0, program: row.program).text }
    #expect(Set(texts).count == 1, "\(texts)")
  }

  @Test(arguments: [
    (["python3", "a.py"], ["python3", "b.py"]),
    (["python3", "a.py"], ["perl", "a.py"]),
    (["python3", "-m", "http.server"], ["python3", "-m", "pytest"]),
    (["python3", "-u", "a.py"], ["python3", "a.py", "--serve"]),
    (["java", "-cp", "x", "A"], ["java", "-cp", "x", "B"]),
    (["java", "-jar", "a.jar"], ["java", "-jar", "b.jar"]),
    (["server", "--worker"], ["server", "--client"]),
    (["node", "-r", "hook.js", "a.mjs"], ["node", "-r", "hook.js", "b.mjs"]),
  ])
  func `programs and roles differ`(_ one: [String], _ other: [String]) {
    #expect(name(one).text != name(other).text)
  }

  @Test func `a label keeps the names of options, as far as there is room`() {
    #expect(
      name(["etcd", "--data-dir=/tmp/x", "--listen-client-urls=http://127.0.0.1:1"])
        .label(atMost: 60) == "etcd --data-dir --listen-client-urls")
    #expect(name(["/usr/bin/python3", "-u", "53-a.py"]).label(atMost: 60) == "python3 53-a.py -u")
    #expect(name(["s", "--one", "--two-and-more"]).label(atMost: 15) == "s --one ...")
    #expect(name(["python3", "/tmp/tmpab12cd34.py"]).label(atMost: 60) == "python3 a script")
    #expect(name([]).label(atMost: 60) == "thread")
  }

  @Test(arguments: [
    "tmpg6zsj7yl", "tmpabcdefgh.conf", "tmp.Ab12Cd", "1ef73e2a-90bb-4a5e-b7a1-00f1e2d3c4b5",
    "d41d8cd98f00", "a1b2c3", "job-9f8e7d6c.sh",
  ])
  func `a random name is seen`(_ name: String) { #expect(RandomName.isRandom(name)) }

  @Test(arguments: [
    "serve.py", "tmpfiles.py", "template.py", "sha256sum", "base64", "53-fifty-windows.py",
    "20260101_migrate.py", "facade", "k8s", "redis-server", "test_http2.py", "x86_64",
  ])
  func `a chosen name is kept`(_ name: String) { #expect(!RandomName.isRandom(name)) }
}
