import ArgumentParser
import Glissade
import GlissadeDevices
import GlissadePlanning

/// A device that need not be here.
struct PublishedDeviceOption: ParsableArguments {
  @Option(
    name: .customLong("as"),
    help: ArgumentHelp(
      "Plan for a device by its published figures, whether or not it is here, and print the least time that they allow: "
        + "\(PublishedDevice.all.map(\.name).joined(separator: ", "))."), completion: .list(PublishedDevice.all.map(\.name)))
  var published: String?

  /// - Throws: `Misuse` for a name that nothing is known of.
  func device() throws(Misuse) -> PublishedDevice? {
    guard let published else { return nil }
    guard let device = PublishedDevice.named(published) else {
      throw .unknown("published device", published, among: PublishedDevice.all.map(\.name))
    }
    return device
  }
}
