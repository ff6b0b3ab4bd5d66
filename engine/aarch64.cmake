# Builds for 64-bit ARM (Raspberry Pi OS) on another machine, with Debian's g++-aarch64-linux-gnu and
# libc6-dev-arm64-cross; programs run there under qemu-user's qemu-aarch64.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
