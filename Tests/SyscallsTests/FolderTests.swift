import Foundation
import Glibc
import TestSupport
import Testing

@testable import Syscalls

/// What is written by name goes where the name led when it was looked at, and through nobody else's links.
@Suite struct FolderTests {
  private static func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  /// A link that nobody made, as root; its owner is not root.
  private static func foreignLink(_ path: String, to target: String) throws {
    try #require(symlink(target, path) == 0 && lchown(path, 65_534, 65_534) == 0)
  }

  @Test func `a file is replaced at once, with nothing left beside it`() throws {
    let scratch = try ScratchFolder()
    let folder = try Folder(making: scratch.path)
    for text in ["first", "second and longer", ""] {
      try folder.replace("file", with: Array(text.utf8))
      #expect(try String(contentsOfFile: scratch.path + "/file", encoding: .utf8) == text)
      #expect(scratch.names() == ["file"])
    }
    // Its place is taken by what no file replaces.
    try FileManager.default.createDirectory(
      atPath: scratch.path + "/taken/by", withIntermediateDirectories: true)
    #expect(throws: FileProblem.self) { try folder.replace("taken", with: Array("x".utf8)) }
    #expect(scratch.names() == ["file", "taken"])
  }

  @Test func `a folder that is replaced by a link is still the folder`() throws {
    let scratch = try ScratchFolder()
    let victim = try scratch.write("before", to: "victim")
    let folder = try Folder(making: scratch.path + "/a/b")
    try #require(rename(scratch.path + "/a/b", scratch.path + "/a/moved") == 0)
    try FileManager.default.createDirectory(
      atPath: scratch.path + "/a/b", withIntermediateDirectories: false)
    try #require(symlink(victim, scratch.path + "/a/b/new") == 0)
    try folder.write(Array("after".utf8), to: "new")
    #expect(try Self.text(victim) == "before")
    #expect(try Self.text(scratch.path + "/a/moved/new") == "after")
  }

  @Test func `a file that is there already is not written, nor what a link leads to`() throws {
    let scratch = try ScratchFolder()
    let victim = try scratch.write("before", to: "victim")
    let folder = try Folder(making: scratch.path)
    try #require(symlink(victim, scratch.path + "/link") == 0)
    for name in ["victim", "link"] {
      #expect(throws: FileProblem.system(EEXIST)) { try folder.write([1], to: name) }
    }
    #expect(try Self.text(victim) == "before")
  }

  @Test func `a link is replaced in one step, whatever has taken the temporary name`() throws {
    let scratch = try ScratchFolder()
    let victim = try scratch.write("before", to: "victim")
    let folder = try Folder(making: scratch.path)
    try #require(symlink(victim, scratch.path + "/.latest-\(getpid())") == 0)
    for target in ["one", "two"] {
      try folder.replaceLink("latest", to: target)
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path + "/latest")
          == target)
    }
    #expect(scratch.names() == ["latest", "victim"])
    // What cannot be replaced leaves nothing behind.
    try #require(mkdir(scratch.path + "/folder", 0o777) == 0)
    #expect(throws: FileProblem.system(EISDIR)) { try folder.replaceLink("folder", to: "x") }
    #expect(scratch.names() == ["folder", "latest", "victim"])
  }

  @Test func `a path with links of one's own is followed to its end`() throws {
    let scratch = try ScratchFolder()
    try #require(mkdir(scratch.path + "/real", 0o777) == 0)
    try #require(symlink("../link2/./file", scratch.path + "/real/name") == 0)
    try #require(symlink(scratch.path + "/real", scratch.path + "/link2") == 0)
    try FileBytes.write(
      Array("text".utf8),
      closing: try FileBytes.openForWriting(scratch.path + "//link2/../link2/name", O_TRUNC))
    #expect(try Self.text(scratch.path + "/real/file") == "text")
    try #require(symlink("loop", scratch.path + "/loop") == 0)
    #expect(throws: FileProblem.system(ELOOP)) {
      _ = try FileBytes.openForWriting(scratch.path + "/loop", 0).release()
    }
    #expect(throws: FileProblem.system(EEXIST)) {
      _ = try FileBytes.createForWriting(scratch.path + "/loop").release()
    }
    #expect(throws: FileProblem.system(ENOENT)) {
      _ = try FileBytes.openForWriting(scratch.path + "/none/file", 0).release()
    }
    #expect(throws: FileProblem.system(ENOTDIR)) { _ = try Folder(making: "/dev/null/below") }
  }

  @Test func `what the kernel links to in proc is opened by it`() throws {
    let pipe = Pipe()
    let file = try FileBytes.openForWriting(
      "/proc/self/fd/\(pipe.fileHandleForWriting.fileDescriptor)", O_TRUNC)
    try FileBytes.write(Array("through".utf8), closing: file)
    try pipe.fileHandleForWriting.close()
    #expect(try pipe.fileHandleForReading.readToEnd() == Data("through".utf8))
  }

  @Test(.enabled(if: Kernel.isRoot, "needs root to make a link that another user owns"))
  func `a link of another user is not followed, wherever it stands in the path`() throws {
    let scratch = try ScratchFolder()
    let victim = try scratch.write("before", to: "victim")
    try Self.foreignLink(scratch.path + "/file", to: victim)
    try Self.foreignLink(scratch.path + "/folder", to: scratch.path)
    try #require(symlink("file", scratch.path + "/own") == 0)
    for (path, name) in [("file", "file"), ("own", "file"), ("folder/victim", "folder")] {
      #expect(throws: FileProblem.foreignLink(name, owner: 65_534)) {
        _ = try FileBytes.openForWriting(scratch.path + "/" + path, O_TRUNC).release()
      }
    }
    #expect(throws: FileProblem.foreignLink("folder", owner: 65_534)) {
      _ = try Folder(making: scratch.path + "/folder/below")
    }
    #expect(try Self.text(victim) == "before")
    #expect(scratch.names() == ["file", "folder", "own", "victim"])
  }

  @Test(
    arguments: [
      (0o755, false), (0o777, true), (0o1777, false), (0o700, false),
    ] as [(mode_t, Bool)])
  func `a folder that others may write to is known`(_ mode: mode_t, _ isExposed: Bool) throws {
    let scratch = try ScratchFolder()
    let folder = try Folder(making: scratch.path)
    try #require(chmod(scratch.path, mode) == 0)
    #expect((folder.exposure != nil) == isExposed)
    guard Kernel.isRoot else { return }
    try #require(chown(scratch.path, 65_534, 65_534) == 0)
    #expect(folder.exposure == "it belongs to user 65534")
    try #require(chown(scratch.path, 0, 42) == 0 && chmod(scratch.path, 0o775) == 0)
    #expect(folder.exposure == "group 42 may write to it")
    try #require(chown(scratch.path, 0, 0) == 0)
    #expect(folder.exposure == nil, "a group of the user's own")
  }
}
