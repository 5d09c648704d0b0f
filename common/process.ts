/** Whether a process of that id exists, ours or not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and is somebody else's (kill(2)).
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
