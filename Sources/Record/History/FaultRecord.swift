public import PlanModel

/// What became of one fault of the plan in one trial. Each state has its time; one that was not reached has 0.
public struct FaultRecord: Sendable, Equatable, Codable {
  /// Position in `Arm.faults`.
  public var fault: Int
  /// Name in the registry.
  public var name: String
  /// Where it was to be injected.
  public var point: InjectionPoint
  /// Launch of the victim.
  public var launch: Int
  /// Number of the victim within its launch.
  public var index: Int
  /// Whether it was to happen in this trial: scheduled. Nothing else is said of one that was not.
  public var isDue: Bool
  /// The victim's process id, 0 while unknown.
  public var pid: Int32
  /// When the victim had it ready to fire.
  public var armed: UInt64
  /// When the victim came to the point and the fault was done to it.
  public var injected: UInt64
  /// When its effect was seen by somebody else than the code that injected it, or read back from the kernel.
  public var witnessed: UInt64
  /// When its effect was over: the victim went on, or was gone and taken leave of.
  public var healed: UInt64
  /// errno that it made or met, 0 for none.
  public var errno: Int32
  /// The number at stake, 0 for none.
  public var port: UInt16
  /// A process that acted for it, as the one that steals; 0 for none.
  public var helper: Int32
  /// errno with which the host refused a process that was to act for it, 0 if it did not.
  public var refused: Int32
  /// Number of the launch in its row, from 0; each launch of a row has a record of every fault.
  public var serial: Int

  public init(
    fault: Int, name: String, point: InjectionPoint, launch: Int, index: Int, isDue: Bool,
    pid: Int32 = 0, armed: UInt64 = 0, injected: UInt64 = 0, witnessed: UInt64 = 0,
    healed: UInt64 = 0, errno: Int32 = 0, port: UInt16 = 0, helper: Int32 = 0,
    refused: Int32 = 0, serial: Int = 0
  ) {
    self.fault = fault
    self.name = name
    self.point = point
    self.launch = launch
    self.index = index
    self.isDue = isDue
    self.pid = pid
    self.armed = armed
    self.injected = injected
    self.witnessed = witnessed
    self.healed = healed
    self.errno = errno
    self.port = port
    self.helper = helper
    self.refused = refused
    self.serial = serial
  }
}

/// Writes and reads fault events.
enum FaultCoding {
  static func encode(_ record: FaultRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"fault\",\"fault\":")
    buffer.append(decimal: record.fault)
    buffer.append(",\"name\":")
    buffer.append(quoted: record.name)
    buffer.append(",\"point\":")
    buffer.append(quoted: record.point.rawValue)
    buffer.append(",\"launch\":")
    buffer.append(decimal: record.launch)
    buffer.append(",\"index\":")
    buffer.append(decimal: record.index)
    buffer.append(",\"due\":")
    buffer.append(record.isDue ? "true" : "false")
    append("pid", record.pid, into: &buffer)
    append("armed", record.armed, into: &buffer)
    append("injected", record.injected, into: &buffer)
    append("witnessed", record.witnessed, into: &buffer)
    append("healed", record.healed, into: &buffer)
    append("errno", record.errno, into: &buffer)
    append("port", record.port, into: &buffer)
    append("helper", record.helper, into: &buffer)
    append("refused", record.refused, into: &buffer)
    append("serial", record.serial, into: &buffer)
  }

  /// Nothing for 0. Numbers of any sign: a record of what went wrong must not end the run.
  private static func append(
    _ name: StaticString, _ value: some FixedWidthInteger, into buffer: inout ByteBuffer
  ) {
    guard value != 0 else { return }
    buffer.append(",\"")
    buffer.append(name)
    buffer.append("\":")
    if value < 0 {
      buffer.append(decimal: Int(value))
    } else {
      buffer.append(decimal: UInt64(value))
    }
  }

  static func decode(_ fields: inout EventFields) throws(EventDecoder.Failure) -> FaultRecord {
    FaultRecord(
      fault: try fields.number("fault"), name: try fields.text("name"),
      point: try fields.word("point"), launch: try fields.number("launch"),
      index: try fields.number("index"), isDue: try fields.boolean("due"),
      pid: try fields.number("pid", default: 0), armed: try fields.number("armed", default: 0),
      injected: try fields.number("injected", default: 0),
      witnessed: try fields.number("witnessed", default: 0),
      healed: try fields.number("healed", default: 0),
      errno: try fields.number("errno", default: 0), port: try fields.number("port", default: 0),
      helper: try fields.number("helper", default: 0),
      refused: try fields.number("refused", default: 0),
      serial: try fields.number("serial", default: 0))
  }
}
