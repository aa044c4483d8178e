internal import CLinuxShims
internal import Glibc
public import Launching
internal import Syscalls

/// The ports that a thief holds, with its record in the shared region. Lives in the thief's process.
public final class Loot {
  private let region: SharedRegion
  private let slot: UnsafeMutablePointer<bs_thief>
  private let claim: UInt32
  private let confinedTo: ClosedRange<Int>?
  private var held: [(socket: Int32, port: UInt16)] = []

  public init(region: SharedRegion, thief: Int, confinedTo: ClosedRange<Int>?) {
    self.region = region
    self.confinedTo = confinedTo
    slot = region.thief(thief)
    claim = bs_claim(BS_CLAIM_THIEF, UInt32(thief))
  }

  /// Draws a port with `bind(0)` on the wildcard address, without options, and holds it. Returns false, with
  /// errno in the record, if it got none.
  @discardableResult
  public func draw() -> Bool {
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      do throws(SystemError) {
        if let confinedTo { try TCPSocket.confine(socket, to: confinedTo) }
        try TCPSocket.bind(socket, .wildcard, port: 0)
        let port = try TCPSocket.port(of: socket)
        region.setClaim(claim, on: port)
        held.append((socket, port))
      } catch {
        closeDescriptor(socket)
        throw error
      }
      slot.pointee.held = UInt32(held.count)
      slot.pointee.drawn += 1
      return true
    } catch {
      slot.pointee.error = error.code
      return false
    }
  }

  /// Lets go of the port that was drawn first.
  public func releaseOldest() {
    guard !held.isEmpty else { return }
    release(held.removeFirst())
  }

  /// Lets go of everything.
  public func releaseAll() {
    for item in held { release(item) }
    held.removeAll(keepingCapacity: true)
    slot.pointee.held = 0
  }

  /// How many ports it holds.
  public var count: Int { held.count }

  /// States how many draws a trial demands, so that fewer make it invalid.
  public func want(_ ports: Int) { slot.pointee.wanted = UInt32(ports) }

  private func release(_ item: (socket: Int32, port: UInt16)) {
    if region.claim(on: item.port) == claim { region.setClaim(0, on: item.port) }
    closeDescriptor(item.socket)
    slot.pointee.held = UInt32(held.count)
  }
}
