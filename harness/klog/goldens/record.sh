#!/bin/sh
# Boots a kernel that has provoke/ once per name and keeps the console: record.sh VMLINUX DIRECTORY NAME...
# Needs QEMU, cpio and Debian's busybox-static.
set -eu
vmlinux=$1 out=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$out" "$work/root/bin" "$work/root/proc" "$work/root/sys" "$work/root/dev"
cp /bin/busybox "$work/root/bin/"
for applet in sh mount echo sleep reboot cat; do ln -s busybox "$work/root/bin/$applet"; done
mknod "$work/root/dev/console" c 5 1
cat >"$work/root/init" <<'END'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
echo 8 >/proc/sys/kernel/printk
for word in $(cat /proc/cmdline); do
	case $word in provoke=*) name=${word#provoke=} ;; esac
done
case $name in hang_*) echo 3 >/proc/sys/kernel/hung_task_timeout_secs ;; esac
sh -c "echo $name >/proc/provoke"
sleep 1
reboot -f
END
chmod +x "$work/root/init"
(cd "$work/root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initrd"

for name; do
	timeout 120 qemu-system-x86_64 -M microvm,acpi=off -cpu max,la57=off -accel tcg,thread=multi -smp 2 -m 256 \
		-nodefaults -no-user-config -display none -no-reboot -kernel "$vmlinux" -initrd "$work/initrd" \
		-append "console=ttyS0 quiet panic=-1 reboot=t watchdog_thresh=3 rcupdate.rcu_cpu_stall_timeout=5 rcupdate.rcu_exp_cpu_stall_timeout=3000 workqueue.watchdog_thresh=5 slub_debug=FZPU provoke=$name" \
		-serial "file:$out/$name.log" || echo "$name: no end within two minutes" >&2
done
