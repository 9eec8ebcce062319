# A template: `deno run -A scripts/homebrew.ts` fills in version, addresses and checksums of a release.
# The formula is untried on a Mac: its syntax and its structure are tested, and nothing else.
class Libreseed < Formula
  desc "Signed packages over BitTorrent, with no server"
  homepage "HOMEPAGE"
  version "VERSION"
  license "MIT"

  on_macos do
    on_arm do
      url "BASE/libreseed-aarch64-apple-darwin", using: :nounzip
      sha256 "SHA256-OF-libreseed-aarch64-apple-darwin"
    end
    on_intel do
      url "BASE/libreseed-x86_64-apple-darwin", using: :nounzip
      sha256 "SHA256-OF-libreseed-x86_64-apple-darwin"
    end
  end

  on_linux do
    on_arm do
      url "BASE/libreseed-aarch64-unknown-linux-gnu", using: :nounzip
      sha256 "SHA256-OF-libreseed-aarch64-unknown-linux-gnu"
    end
    on_intel do
      url "BASE/libreseed-x86_64-unknown-linux-gnu", using: :nounzip
      sha256 "SHA256-OF-libreseed-x86_64-unknown-linux-gnu"
    end
  end

  def install
    # One program file, whose name ends in the target.
    bin.install Dir["libreseed-*"].first => "libreseed"
    chmod 0755, bin/"libreseed"
    generate_completions_from_executable(bin/"libreseed", "completions")
    # The first line of each page is a comment that names its file.
    pages = Utils.safe_popen_read(bin/"libreseed", "man", "--all").split(/^(?=\.\\" libreseed)/)
    pages.each do |page|
      file = page[/\A\.\\" (libreseed[a-z-]*\.1)$/, 1]
      (buildpath/file).write page
      man1.install file
    end
  end

  service do
    run [opt_bin/"libreseed", "seed"]
    # 2: settings that make no sense; 6: port or home in use. Both need a person, and launchd cannot
    # tell them from a crash, so the log has to be read.
    keep_alive crashed: true
    log_path var/"log/libreseed.log"
    error_log_path var/"log/libreseed.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/libreseed version")
  end
end
