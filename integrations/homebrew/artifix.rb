# A formula for a tap. At a release, @HOMEPAGE@, @URL@ and @SHA256@ become those of its source archive.
class Artifix < Formula
  include Language::Python::Virtualenv

  desc "Removes compression artifacts from pictures and videos"
  homepage "@HOMEPAGE@"
  url "@URL@"
  sha256 "@SHA256@"
  license "Apache-2.0"

  depends_on "python@3.13"

  def install
    virtualenv_create(libexec, "python3.13")
    system libexec/"bin/python", "-m", "pip", "install", "--prefer-binary", buildpath
    bin.install_symlink libexec/"bin/artifix"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/artifix --version")
  end
end
