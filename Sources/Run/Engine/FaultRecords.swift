internal import CLinuxShims
internal import CSharedRegion
internal import History
internal import RunContract
internal import PlanModel

/// What became of the faults.
extension TrialRecorder {
  /// What became of the faults of one launch of a row, as copied by `freeze`: the next launch begins with new slots.
  /// - Parameter ended: when the launch was over.
  func faultRecords(serial: Int, _ ended: UInt64) -> [FaultRecord] {
    arm.faults.indices.map {
      var record = faultRecord($0, ended)
      record.serial = serial
      return record
    }
  }

  /// - Parameter ended: when the trial was over; what a fault had done to processes is over by then.
  private func faultRecord(_ number: Int, _ ended: UInt64) -> FaultRecord {
    let fault = region.fault(number).pointee
    let planned = arm.faults[number]
    var record = FaultRecord(
      fault: number, name: planned.kind.name, point: planned.point, launch: Int(fault.launch),
      index: Int(fault.victim), isDue: fault.is_due != 0)
    guard record.isDue else { return record }
    record.pid = fault.pid
    record.armed = fault.armed_ns
    record.injected = fault.injected_ns
    record.witnessed = fault.witnessed_ns
    record.healed = fault.healed_ns != 0 || fault.witnessed_ns == 0 ? fault.healed_ns : ended
    record.errno = fault.error
    record.port = UInt16(fault.port)
    record.helper = fault.helper_pid
    record.refused = fault.refused
    return record
  }
}
