/* A power cut for real, for bench/crash and bench/power-files: needs root.
 *
 *   power cut FOLDER          the file system mounted there ends as when the power goes: nothing that is not yet on its disk comes there any more, neither
 *                             what was written and not synced nor names not yet in its journal; whoever still writes gets an I/O error
 *   power unsynced COMMAND…   runs the command with every sync answered "done" and not done: the test of the test */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/ext4.h of kernels from 6.6 on; XFS and F2FS take the same number. */
#define SHUTDOWN _IOR('X', 125, uint32_t)
static const uint32_t NO_LOG_FLUSH = 2;

static int failed(const char *what) {
  fprintf(stderr, "power: %s: %s%s\n", what, strerror(errno), errno == EPERM || errno == EACCES ? " (needs root)" : "");
  return 1;
}

static int cut(const char *folder) {
  int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0 || ioctl(file, SHUTDOWN, &NO_LOG_FLUSH) != 0) return failed(folder);
  close(file);
  return 0;
}

static int unsynced(char **command) {
#define NOT_DONE(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0)
  struct sock_filter rules[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                NOT_DONE(SYS_fsync), NOT_DONE(SYS_fdatasync), NOT_DONE(SYS_sync_file_range), NOT_DONE(SYS_msync),
                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog filter = {sizeof rules / sizeof *rules, rules};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return failed("seccomp");
  execvp(command[0], command);
  return failed(command[0]);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "cut") == 0) return cut(argv[2]);
  if (argc > 2 && strcmp(argv[1], "unsynced") == 0) return unsynced(argv + 2);
  return fprintf(stderr, "usage: power cut FOLDER | power unsynced COMMAND...\n"), 2;
}
