internal import CInterception
internal import Glibc
internal import LinuxFacts
internal import Syscalls

/// The command's process group, and who has the terminal.
///
/// The command is not in the supervisor's group, so that `kill 0` in it ends neither the supervisor nor the caller. For
/// the terminal it is a background job: the supervisor's group, with the rest of a pipeline and the script around it,
/// stays in the foreground and reads what is typed. The supervisor forwards the terminal's signals. It makes the
/// command the foreground job when the command first needs the terminal: the kernel then stops the command (SIGTTIN,
/// SIGTTOU). As long as the command is in the foreground, the terminal's signals reach only its group, and the
/// supervisor's group gets them from the supervisor.
struct CommandGroup: ~Copyable {
  /// The controlling terminal, -1 where there is none.
  private let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
  /// The group's number, which is the command's process id; 0 before the command is started.
  private var leader: Int32 = 0
  private var isLent = false
  /// How long the supervisor was stopped with its job, all in all.
  private(set) var stoppedNanoseconds: UInt64 = 0

  deinit { if terminal >= 0 { closeDescriptor(terminal) } }

  /// - Parameter command: the process that leads the group.
  mutating func begins(_ command: Int32) { leader = command }

  /// Sends a signal to every process of the group.
  func send(_ signal: Int32) {
    // Before the command is started, 0 would mean the supervisor's own group.
    if leader > 0 { kill(-leader, signal) }
  }

  /// The job must stop: stops the command, then the supervisor, and continues the command when the supervisor is
  /// continued.
  mutating func stops(with signal: Int32) {
    let hadTerminal = isLent
    takeBack()
    send(signal)
    stop(by: signal)
    if hadTerminal { lend() }
    send(SIGCONT)
  }

  /// Stops the supervisor itself. Returns whether it was stopped, and continued since.
  @discardableResult
  private mutating func stop(by signal: Int32) -> Bool {
    let began = MonotonicClock.now()
    let wasStopped = pt_stop_by_signal(signal) != 0
    stoppedNanoseconds += MonotonicClock.now() - began
    return wasStopped
  }

  /// The command was stopped.
  mutating func wasStopped(by signal: Int32) {
    guard terminal >= 0 else { return }
    switch signal {
    case SIGTTIN, SIGTTOU:
      // In the background, the whole job waits for the foreground, as the command would without the supervisor.
      if !isLent && !lend() {
        // With nobody there who could bring it to the foreground, the kernel ends stopped groups by SIGHUP, too.
        if !stop(by: SIGTTIN) { send(SIGHUP) }
        lend()
      }
      send(SIGCONT)
    case SIGTSTP where isLent, SIGSTOP where isLent:
      // A program that puts the terminal in order before it stops does so by SIGSTOP.
      pt_signal_others(SIGTSTP)
      stops(with: SIGTSTP)
    default: break
    }
  }

  /// The command has ended. The remaining processes of its group may no longer read from the terminal.
  /// - Returns: the signal by which a user at the terminal ended it; nil if there was none.
  mutating func ended(_ status: WaitStatus) -> Int32? {
    guard isLent else { return nil }
    takeBack()
    guard case .signalled(let signal) = status, signal == SIGINT || signal == SIGQUIT else {
      return nil
    }
    pt_signal_others(signal)
    return signal
  }

  /// Makes the group the terminal's foreground group, if the supervisor's group is. Returns whether it is now.
  @discardableResult
  private mutating func lend() -> Bool {
    guard terminal >= 0, tcgetpgrp(terminal) == getpgrp() else { return false }
    isLent = tcsetpgrp(terminal, leader) == 0
    return isLent
  }

  /// The supervisor ignores SIGTTOU, so that it may do this from the background.
  private mutating func takeBack() {
    guard isLent else { return }
    isLent = false
    tcsetpgrp(terminal, getpgrp())
  }
}
